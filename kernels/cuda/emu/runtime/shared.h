// Shared memory that knows who wrote and read each place, and when.
#ifndef GRADUS_CUDA_EMU_SHARED_H
#define GRADUS_CUDA_EMU_SHARED_H

namespace emu {

// cell is the history of one place, as far as the present block matters. Two
// accesses are in order when a barrier of the block lies between them (the
// epoch differs), or when both are of one warp and a warp_sync lies between
// them (the tick of that warp differs).
struct cell {
	uint32_t block;                // that wrote it last; another one: not written
	uint32_t written, write_tick;  // epoch and tick
	uint32_t read, read_tick;
	uint16_t writer, reader;       // threads
	uint8_t readers;               // since the epoch `read`: 1, of one warp, of several
	uint8_t atomic;                // the last write was atomic
	uint32_t begun;                // epoch in which the last copy to it began
	unsigned shown;                // what its writer had shown to matrix units before
};

enum { ONE = 1, ONE_WARP, SEVERAL_WARPS };

// region is one array of shared memory. A cell is two bytes wide; wider
// elements use their first.
struct region {
	const char *name;
	char *bytes;
	uint32_t size;
	cell *cells;
};

inline uint32_t tick() { return now.tick[self->id / 32]; }

[[noreturn]] void race(const region *r, uint32_t at, const char *what, int other);

inline cell *find(const region *r, int64_t at, uint32_t width) {
	if (at < 0 || at + width > r->size)
		stop("byte %lld of shared array %s, which has %u", (long long)at, r->name, r->size);
	return &r->cells[at / 2];
}

// checking is off for tests that ask for bits only, of kernels that others check.
extern bool checking;

inline void check_unread(const region *r, int64_t at, const cell *c, const char *what) {
	int me = self->id;
	if (c->read == now.epoch && (c->readers != ONE || c->reader != me) &&
		(c->readers == SEVERAL_WARPS || c->reader / 32 != me / 32 || c->read_tick == tick()))
		race(r, (uint32_t)at, what, c->reader);
}

inline void seen_by_writer(const region *r, int64_t at, cell *c, bool atomic) {
	if (!checking) return;
	int me = self->id;
	if (c->block == now.block && c->written == now.epoch && c->writer != me && !(atomic && c->atomic) &&
		(c->writer / 32 != me / 32 || c->write_tick == tick()))
		race(r, (uint32_t)at, "writes after a write", c->writer);
	check_unread(r, at, c, "writes after a read");
	c->block = now.block, c->written = now.epoch, c->write_tick = tick(), c->writer = (uint16_t)me, c->atomic = atomic;
	c->shown = self->shown;
}

// A copy writes at any time from its begin until it is waited for.
inline void seen_by_copy(const region *r, int64_t at, cell *c) {
	if (!checking) return;
	check_unread(r, at, c, "begins a copy after a read");
	c->begun = now.epoch;
}

inline void seen_by_reader(const region *r, int64_t at, cell *c) {
	if (!checking) return;
	int me = self->id;
	if (c->block != now.block) stop("byte %lld of shared array %s is read before it was written", (long long)at, r->name);
	if (c->written == now.epoch && c->writer != me && (c->writer / 32 != me / 32 || c->write_tick == tick()))
		race(r, (uint32_t)at, "reads after a write", c->writer);
	if (c->read != now.epoch) c->readers = ONE, c->reader = (uint16_t)me;
	else if (c->reader != me)
		c->readers = c->readers != SEVERAL_WARPS && c->reader / 32 == me / 32 ? ONE_WARP : SEVERAL_WARPS;
	c->read = now.epoch, c->read_tick = tick();
}

template <class T> struct place;

// pointer is a pointer into a region: smem<T>.
template <class T> struct pointer {
	const region *r;
	int64_t at; // bytes

	place<T> operator[](int64_t i) const { return {r, at + i * (int64_t)sizeof(T)}; }
	place<T> operator*() const { return {r, at}; }
	pointer operator+(int64_t i) const { return {r, at + i * (int64_t)sizeof(T)}; }
	pointer operator-(int64_t i) const { return {r, at - i * (int64_t)sizeof(T)}; }
	template <class F> void atomic(F f) const {
		cell *c = find(r, at, sizeof(T));
		if (checking && c->block != now.block) stop("byte %lld of shared array %s is changed before it was written", (long long)at, r->name);
		seen_by_writer(r, at, c, true);
		T x;
		memcpy(&x, r->bytes + at, sizeof x);
		x = f(x);
		memcpy(r->bytes + at, &x, sizeof x);
	}
};

// place is one element, which is read or written.
template <class T> struct place {
	const region *r;
	int64_t at;

	operator T() const {
		seen_by_reader(r, at, find(r, at, sizeof(T)));
		T x;
		memcpy(&x, r->bytes + at, sizeof x);
		return x;
	}
	const place &operator=(T x) const {
		seen_by_writer(r, at, find(r, at, sizeof(T)), false);
		memcpy(r->bytes + at, &x, sizeof x);
		return *this;
	}
	const place &operator=(const place &p) const { return *this = (T)p; }
};

template <class T, int N> struct array {
	T data[N];
	cell cells[(N * sizeof(T) + 1) / 2];
	region r;
	explicit array(const char *name) : cells(), r{name, (char *)data, N * sizeof(T), cells} {}
	pointer<T> begin() { return {&r, 0}; }
};

// dynamic returns the memory that the launch asked for.
const region *dynamic_region(const char *name);
template <class T> pointer<T> dynamic(const char *name) { return {dynamic_region(name), 0}; }

} // namespace emu

template <class T> using smem = emu::pointer<T>;
template <class T, class U> DEVICE smem<T> smem_as(smem<U> p) { return {p.r, p.at}; }

#endif
