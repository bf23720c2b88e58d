/* SPDX-License-Identifier: Apache-2.0 */
/* Runs the entry point 'run' of the digits network once: reads N images from standard input, writes N times 10
 * probabilities to standard output. usage: aarch64_program N */
#include "aarch64_start.h"

extern const dlc_model dlc_model_digits;

enum { MOST = 512 };
static float images[MOST * 64], probabilities[MOST * 10];

int run(int argc, char **argv, char **environment) {
  (void)environment;
  dlc_int64 count = argc == 2 ? atoi(argv[1]) : 0;
  if (count < 1 || count > MOST)
    return fail("usage: aarch64_program N");
  if (!readAll(images, count * 64 * sizeof(float)))
    return fail("too few images");

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
