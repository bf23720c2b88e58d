/* SPDX-License-Identifier: Apache-2.0 */
/* Trains the digits network: reads 37 images and their labels from standard input, runs STEPS steps on them, saves the
 * variables to FILE, loads them into another block and compares the blocks. usage: aarch64_training STEPS FILE */
#include "aarch64_start.h"

extern void *memset(void *, int, unsigned long);
extern int memcmp(const void *, const void *, unsigned long);
extern int strcmp(const char *, const char *);
extern void *aligned_alloc(unsigned long, unsigned long);
extern const dlc_model dlc_model_digits;

enum { ROWS = 37 };
static float images[ROWS * 64], loss, accuracy;
static dlc_int64 labels[ROWS];

static const dlc_entry_point *find(const char *name) {
  for (dlc_uint32 i = 0; i < dlc_model_digits.entry_count; ++i)
    if (!strcmp(dlc_model_digits.entries[i].name, name))
      return &dlc_model_digits.entries[i];
  return 0;
}

int run(int argc, char **argv, char **environment) {
  (void)environment;
  if (argc != 3)
    return fail("usage: aarch64_training STEPS FILE");
  if (!readAll(images, sizeof(images)) || !readAll(labels, sizeof(labels)))
    return fail("too little data");
  const dlc_runtime_api *api = dlc_model_digits.runtime;
  dlc_uint64 bytes = (dlc_model_digits.variable_bytes + 63) / 64 * 64;
  void *block = aligned_alloc(64, bytes), *copy = aligned_alloc(64, bytes);
  /* Nobody writes the padding between variables. */
  memset(block, 0, bytes);
  memset(copy, 0, bytes);
  dlc_context_options options = {.struct_bytes = sizeof(options), .threads = 2};
  dlc_error error;
  dlc_context *context;
  if (api->context_create(&dlc_model_digits, &options, &error, &context))
    return fail(error.message);

  dlc_int64 seedValue = 5, imageShape[] = {ROWS, 1, 8, 8}, labelShape[] = {ROWS};
  float rateValue = 0.003f;
  dlc_tensor seed = {.data = &seedValue, .device = {DLC_DEVICE_CPU, 0}, .dtype = {0, 64, 1}};
  dlc_tensor batch[] = {
      {.data = images, .device = {DLC_DEVICE_CPU, 0}, .ndim = 4, .dtype = {2, 32, 1}, .shape = imageShape},
      {.data = labels, .device = {DLC_DEVICE_CPU, 0}, .ndim = 1, .dtype = {0, 64, 1}, .shape = labelShape},
      {.data = &rateValue, .device = {DLC_DEVICE_CPU, 0}, .dtype = {2, 32, 1}}};
  dlc_tensor results[] = {{.data = &loss, .device = {DLC_DEVICE_CPU, 0}, .dtype = {2, 32, 1}},
                          {.data = &accuracy, .device = {DLC_DEVICE_CPU, 0}, .dtype = {2, 32, 1}}};
  if (api->variables_bind(context, block, dlc_model_digits.variable_bytes) ||
      api->run(context, find("init"), &seed, 1, 0, 0, (void *)0))
    return fail(api->context_message(context));
  for (int step = atoi(argv[1]); step > 0; --step)
    if (api->run(context, find("train_step"), batch, 3, results, 2, (void *)0))
      return fail(api->context_message(context));
  if (api->variables_save(&dlc_model_digits, block, argv[2], 0, 0, &error) ||
      api->variables_load(&dlc_model_digits, copy, argv[2], 0, &error))
    return fail(error.message);
  if (memcmp(block, copy, bytes))
    return fail("what was loaded is not what was saved");
  api->context_release(context);
  write(1, &loss, sizeof(loss));
  return 0;
}
