// Fibers: a stack of its own for each thread of a block, and the change from
// one to another.
#ifndef GRADUS_CUDA_EMU_SWITCH_H
#define GRADUS_CUDA_EMU_SWITCH_H

#include <stddef.h>

#if defined(__x86_64__)

// emu_switch saves what a function must keep and the stack pointer in *from,
// and goes on where `to` was left.
extern "C" void emu_switch(void **from, void *to);
__asm__(
	".text\n"
	".type emu_switch, @function\n"
	"emu_switch:\n"
	"\tpush %rbp\n\tpush %rbx\n\tpush %r12\n\tpush %r13\n\tpush %r14\n\tpush %r15\n"
	"\tmov %rsp, (%rdi)\n"
	"\tmov %rsi, %rsp\n"
	"\tpop %r15\n\tpop %r14\n\tpop %r13\n\tpop %r12\n\tpop %rbx\n\tpop %rbp\n"
	"\tret\n"
	".size emu_switch, .-emu_switch\n");

struct fiber { void *sp; };

// fiber_start prepares f so that the first change to it enters run, which must
// never return.
static inline void fiber_start(fiber *f, char *stack, size_t size, void (*run)()) {
	void **top = (void **)(stack + size); // a multiple of 16
	*--top = 0;                           // run's return address: the stack is 8 off 16 as at any entry
	*--top = (void *)run;
	for (int i = 0; i < 6; i++) *--top = 0;
	f->sp = top;
}
static inline void fiber_change(fiber *from, fiber *to) { emu_switch(&from->sp, to->sp); }

#else // slower, and everywhere

#include <ucontext.h>

struct fiber { ucontext_t c; };

static inline void fiber_start(fiber *f, char *stack, size_t size, void (*run)()) {
	getcontext(&f->c);
	f->c.uc_stack.ss_sp = stack;
	f->c.uc_stack.ss_size = size;
	f->c.uc_link = 0;
	makecontext(&f->c, run, 0);
}
static inline void fiber_change(fiber *from, fiber *to) { swapcontext(&from->c, &to->c); }

#endif
#endif
