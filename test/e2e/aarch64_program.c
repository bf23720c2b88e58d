/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the entry point 'run' of the digits network once: reads N images from standard input, writes N times 10
 * probabilities to standard output. usage: aarch64_program N. It includes no libc header and starts itself, so that
 * building it for AArch64 takes nothing but clang, lld and the C library that qemu runs it against. */
#include "dlc/runtime_api.h"

extern long read(int, void *, unsigned long);
extern long write(int, const void *, unsigned long);
extern int atoi(const char *);
extern unsigned long strlen(const char *);
extern void exit(int) __attribute__((noreturn));
extern int __libc_start_main(int (*)(int, char **, char **), int, char **, void (*)(void), void (*)(void),
                             void (*)(void), void *);

extern const dlc_model dlc_model_digits;

__asm__(".globl _start\n"
        "_start:\n"
        "  mov x29, #0\n  mov x30, #0\n"
        "  mov x5, x0\n  ldr x1, [sp]\n  add x2, sp, #8\n  mov x6, sp\n"
        "  adrp x0, run\n  add x0, x0, :lo12:run\n"
        "  mov x3, #0\n  mov x4, #0\n"
        "  bl __libc_start_main\n");

enum { MOST = 512 };
static float images[MOST * 64], probabilities[MOST * 10];

static int fail(const char *message) {
  write(2, message, strlen(message));
  write(2, "\n", 1);
  return 1;
}

int run(int argc, char **argv, char **environment) {
  (void)environment;
  dlc_int64 count = argc == 2 ? atoi(argv[1]) : 0;
  if (count < 1 || count > MOST)
    return fail("usage: aarch64_program N");
  unsigned long wanted = count * 64 * sizeof(float), have = 0;
  while (have < wanted) {
    long got = read(0, (char *)images + have, wanted - have);
    if (got <= 0)
      return fail("too few images");
    have += got;
  }

  const dlc_runtime_api *api = dlc_model_digits.runtime;
  dlc_context_options options = {.struct_bytes = sizeof(options), .threads = 2};
  dlc_error error;
  dlc_context *context;
  if (api->context_create(&dlc_model_digits, &options, &error, &context))
    return fail(error.message);
  dlc_int64 imageShape[] = {count, 1, 8, 8}, probabilityShape[] = {count, 10};
  dlc_tensor input = {
      .data = images, .device = {DLC_DEVICE_CPU, 0}, .ndim = 4, .dtype = {2, 32, 1}, .shape = imageShape};
  dlc_tensor output = {
      .data = probabilities, .device = {DLC_DEVICE_CPU, 0}, .ndim = 2, .dtype = {2, 32, 1}, .shape = probabilityShape};
  if (api->run(context, &dlc_model_digits.entries[0], &input, 1, &output, 1, (void *)0))
    return fail(api->context_message(context));
  api->context_release(context);
  write(1, probabilities, count * 10 * sizeof(float));
  return 0;
}
