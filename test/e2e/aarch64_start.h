/* SPDX-License-Identifier: Apache-2.0 */
/* What programs for AArch64 need to start without a libc header: building them takes nothing but clang, lld and the C
 * library that qemu runs them against. The program defines run(). */
#include "dlc/runtime_api.h"

extern long read(int, void *, unsigned long);
extern long write(int, const void *, unsigned long);
extern int atoi(const char *);
extern unsigned long strlen(const char *);
extern void exit(int) __attribute__((noreturn));
extern int __libc_start_main(int (*)(int, char **, char **), int, char **, void (*)(void), void (*)(void),
                             void (*)(void), void *);

__asm__(".globl _start\n"
        "_start:\n"
        "  mov x29, #0\n  mov x30, #0\n"
        "  mov x5, x0\n  ldr x1, [sp]\n  add x2, sp, #8\n  mov x6, sp\n"
        "  adrp x0, run\n  add x0, x0, :lo12:run\n"
        "  mov x3, #0\n  mov x4, #0\n"
        "  bl __libc_start_main\n");

static int fail(const char *message) {
  write(2, message, strlen(message));
  write(2, "\n", 1);
  return 1;
}

int run(int argc, char **argv, char **environment);

/* Fills `bytes` from standard input; 0 if it ends before. */
static int readAll(void *to, unsigned long bytes) {
  for (unsigned long have = 0; have < bytes;) {
    long got = read(0, (char *)to + have, bytes - have);
    if (got <= 0)
      return 0;
    have += got;
  }
  return 1;
}
