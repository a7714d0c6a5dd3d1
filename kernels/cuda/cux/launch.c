//go:build cuda

#include "launch.h"

static CUresult launch(const cux_launch *l, CUstream s, const void *host_args) {
	if (l->call) {
		int status = l->call(l->context, s, host_args);
		return status == 0 ? CUDA_SUCCESS : (CUresult)(CUX_CALL_FAILED + status);
	}
	void *params[1] = {l->params};
	if (l->cluster <= 1 && !l->overlap)
		return cuLaunchKernel(l->f, l->grid[0], l->grid[1], l->grid[2], l->block[0], l->block[1], l->block[2], l->shared, s, params, 0);
	CUlaunchAttribute attrs[2] = {0};
	CUlaunchConfig config = {
		.gridDimX = l->grid[0], .gridDimY = l->grid[1], .gridDimZ = l->grid[2],
		.blockDimX = l->block[0], .blockDimY = l->block[1], .blockDimZ = l->block[2],
		.sharedMemBytes = l->shared, .hStream = s, .attrs = attrs,
	};
	if (l->cluster > 1) {
		CUlaunchAttribute *a = &attrs[config.numAttrs++];
		a->id = CU_LAUNCH_ATTRIBUTE_CLUSTER_DIMENSION;
		a->value.clusterDim.x = l->cluster, a->value.clusterDim.y = 1, a->value.clusterDim.z = 1;
	}
	if (l->overlap) {
		CUlaunchAttribute *a = &attrs[config.numAttrs++];
		a->id = CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION;
		a->value.programmaticStreamSerializationAllowed = 1;
	}
	return cuLaunchKernelEx(&config, l->f, params, 0);
}

CUresult cux_launch_all(const cux_launch *list, int n, CUstream s, const void *host_args, int *failed) {
	for (int i = 0; i < n; i++) {
		CUresult r = launch(&list[i], s, host_args);
		if (r != CUDA_SUCCESS) {
			*failed = i;
			return r;
		}
	}
	return CUDA_SUCCESS;
}

CUresult cux_step_put(const cux_step *p, int *doing, int *failed) {
	CUresult r;
	*doing = CUX_SEND_ARGS;
	if ((r = cuMemcpyHtoDAsync(p->args, p->host_args, p->args_bytes, p->stream)) != CUDA_SUCCESS) return r;
	*doing = CUX_LAUNCH;
	if ((r = cux_launch_all(p->list, p->n, p->stream, p->host_args, failed)) != CUDA_SUCCESS) return r;
	*doing = CUX_FETCH_WORD;
	return cuMemcpyDtoHAsync(p->host_word, p->word, p->word_bytes, p->stream);
}

CUresult cux_step_marked(const cux_step *p, const int *starts, int n, const CUevent *marks, int *doing, int *failed) {
	CUresult r;
	*doing = CUX_SEND_ARGS;
	if ((r = cuMemcpyHtoDAsync(p->args, p->host_args, p->args_bytes, p->stream)) != CUDA_SUCCESS) return r;
	for (int i = 0; i <= n; i++) {
		*doing = CUX_MARK;
		if ((r = cuEventRecord(marks[i], p->stream)) != CUDA_SUCCESS) return r;
		if (i == n) break;
		*doing = CUX_LAUNCH;
		int end = i + 1 < n ? starts[i + 1] : p->n;
		if ((r = cux_launch_all(p->list + starts[i], end - starts[i], p->stream, p->host_args, failed)) != CUDA_SUCCESS) {
			*failed += starts[i];
			return r;
		}
	}
	*doing = CUX_FETCH_WORD;
	if ((r = cuMemcpyDtoHAsync(p->host_word, p->word, p->word_bytes, p->stream)) != CUDA_SUCCESS) return r;
	*doing = CUX_WAIT;
	return cuStreamSynchronize(p->stream);
}

CUresult cux_step_run(const cux_step *p, int times, int *doing, int *failed) {
	CUresult r;
	*doing = CUX_SET_CONTEXT;
	if ((r = cuCtxSetCurrent(p->ctx)) != CUDA_SUCCESS) return r;
	for (int i = 0; i < times; i++) {
		if (p->graph) {
			*doing = CUX_GRAPH;
			r = cuGraphLaunch(p->graph, p->stream);
		} else {
			r = cux_step_put(p, doing, failed);
		}
		if (r != CUDA_SUCCESS) return r;
	}
	*doing = CUX_WAIT;
	return cuStreamSynchronize(p->stream);
}
