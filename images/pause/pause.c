/*
 * The process of a Pod's sandbox: it does nothing, so that the Pod's namespaces live on while containers come and go.
 *
 * It waits for signals: TERM and INT end it with 0; CHLD makes it reap every process that ended and that nobody else waits for, which
 * matters where it is the first process of a Pod with shareProcessNamespace. There is no libc, only four system calls are made.
 * README.md says how it is compiled.
 */

#if defined(__x86_64__)
enum { RT_SIGPROCMASK = 14, WAIT4 = 61, RT_SIGTIMEDWAIT = 128, EXIT_GROUP = 231 };
#elif defined(__aarch64__)
enum { RT_SIGPROCMASK = 135, WAIT4 = 260, RT_SIGTIMEDWAIT = 137, EXIT_GROUP = 94 };
#else
#error "only amd64 and arm64"
#endif

enum { SIGINT = 2, SIGTERM = 15, SIGCHLD = 17 };
enum { SIG_BLOCK = 0, WNOHANG = 1 };
enum { EINTR = 4 };
enum { SIGSET_BYTES = 8 };

static long system_call(long number, long a, long b, long c, long d)
{
#if defined(__x86_64__)
	register long r10 __asm__("r10") = d;
	long result;
	__asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10) : "rcx", "r11", "memory");
	return result;
#else
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3) : "memory");
	return x0;
#endif
}

static unsigned long bit_of(int signal)
{
	return 1UL << (signal - 1);
}

__attribute__((noreturn, used)) void _start(void)
{
	unsigned long signals = bit_of(SIGINT) | bit_of(SIGTERM) | bit_of(SIGCHLD);

	/* A process with the number 1 of a namespace gets no signal that it does not block or handle: blocked ones wait to be fetched. */
	system_call(RT_SIGPROCMASK, SIG_BLOCK, (long)&signals, 0, SIGSET_BYTES);
	for (;;) {
		long signal = system_call(RT_SIGTIMEDWAIT, (long)&signals, 0, 0, SIGSET_BYTES);

		if (signal == SIGINT || signal == SIGTERM)
			system_call(EXIT_GROUP, 0, 0, 0, 0);
		/* A kernel that refuses to wait must not make this a busy loop. */
		if (signal < 0 && signal != -EINTR)
			system_call(EXIT_GROUP, 1, 0, 0, 0);
		/* One SIGCHLD may stand for many children. */
		while (system_call(WAIT4, -1, 0, WNOHANG, 0) > 0)
			;
	}
}
