/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles runs of a library's only entry point, run(x: f32[N, ...]), on zeros, and prints what was counted: for each
 * launch its layer, calls, operations and bytes; then whether the times add up. usage: program LIBRARY N ELEMENTS */
#include "dlc/profile.h"
#include "dlc/runtime.h"

int main(int argc, char **argv) {
  dlc_error error;
  dlc_library *library;
  dlc_context *context;
  dlc_profile *profile;
  if (argc != 4 || dlc_library_open(argv[1], NULL, &error, &library) ||
      dlc_context_create(library->model, NULL, &error, &context))
    return 2;
  const dlc_entry_point *entry = dlc_default_entry(library->model);
  dlc_int64 shape[8] = {atoi(argv[2])}, result[8] = {0}, symbols[1] = {shape[0]};
  for (dlc_uint32 d = 1; d < entry->inputs[0].rank; ++d)
    shape[d] = entry->inputs[0].dims[d];
  void *x = calloc((size_t)atoi(argv[3]), 4), *y = calloc((size_t)atoi(argv[3]), 4);
  dlc_tensor input = dlc_tensor_of(x, DLC_F32, (dlc_int32)entry->inputs[0].rank, shape);
  dlc_tensor output = dlc_tensor_of(y, DLC_F32, (dlc_int32)entry->outputs[0].rank, result);
  if (dlc_output_shapes(context, entry, symbols, result))
    return 3;
  if (dlc_profile_create(context, &error, &profile))
    return printf("%s\n", error.message), 4;
  for (int i = 0; i < 3; ++i)
    if (dlc_run(context, entry, &input, 1, &output, 1))
      return printf("%s\n", dlc_context_message(context)), 5;
  if (dlc_profile_read(profile))
    return 6;
  double sum = 0;
  for (dlc_uint32 i = 0; i < profile->row_count; ++i) {
    const dlc_profile_row *row = &profile->rows[i];
    if (row->calls > 0)
      printf("%s\t%s\t%s\t%g\t%.17g\t%.17g\n", row->launch->layer, row->launch->kernel, row->launch->kind, row->calls,
             row->operations, row->bytes);
    sum += row->nanoseconds;
  }
  printf("%s\n", sum > 0 && sum <= profile->entries[0].nanoseconds ? "adds up" : "does not add up");
  dlc_profile_release(profile);
  dlc_context_release(context);
  dlc_library_close(library);
  free(x);
  free(y);
  return 0;
}
