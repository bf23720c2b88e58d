/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a library of open sizes, first with the largest, then twice with the same many others. Prints how often memory
   was allocated in the first run, in the first round of others and in the second, the bytes of the context, and by how
   many it grew in the second round. */
#include "dlc/runtime.h"

static size_t allocations;

/* glibc lets a program replace malloc; under these names its own stays reachable. */
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *memory, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);
void *malloc(size_t bytes) { return ++allocations, __libc_malloc(bytes); }
void *calloc(size_t count, size_t bytes) { return ++allocations, __libc_calloc(count, bytes); }
void *realloc(void *memory, size_t bytes) { return ++allocations, __libc_realloc(memory, bytes); }
void *memalign(size_t alignment, size_t bytes) { return ++allocations, __libc_memalign(alignment, bytes); }
void *aligned_alloc(size_t alignment, size_t bytes) { return memalign(alignment, bytes); }
int posix_memalign(void **result, size_t alignment, size_t bytes) { return !(*result = memalign(alignment, bytes)); }

enum { MOST = 24, BYTES = 1 << 22 };
static float input[BYTES / 4];

int main(int argc, char **argv) {
  dlc_error error;
  dlc_library *library;
  if (argc != 4 || dlc_library_open(argv[1], NULL, &error, &library))
    return printf("%s\n", argc == 4 ? error.message : "usage: program LIBRARY THREADS RUNS"), 1;
  const dlc_entry_point *entry = &library->model->entries[0];
  dlc_context_options options;
  memset(&options, 0, sizeof options);
  options.struct_bytes = sizeof options;
  options.threads = (dlc_uint32)atoi(argv[2]);
  dlc_context *context;
  if (dlc_context_create(library->model, &options, &error, &context))
    return printf("%s\n", error.message), 1;
  for (size_t i = 0; i < BYTES / 4; ++i)
    input[i] = 3;
  void *results[8];
  for (dlc_uint32 i = 0; i < entry->output_count; ++i)
    results[i] = calloc(1, BYTES);
  size_t first = 0, half = 0, bytes = 0, largest = 0;
  unsigned state = 1;
  int runs = atoi(argv[3]);
  for (int run = 0; run < 2 * runs; ++run) {
    if (run % runs == 1)
      state = 1;
    /* Every symbol has an extent of its own; the first run, and any hundredth, has the largest of all. */
    int64_t symbols[64], shapes[16][8]; /* symbols: those of the inputs, and those that a run computes */
    for (dlc_uint32 s = 0; s < entry->symbol_count; ++s)
      symbols[s] = run % 100 == 0 ? MOST : (int64_t)((state = state * 1664525 + 1013904223) >> 8) % (MOST + 1);
    for (int i = 0; run % runs && i < 64; ++i)
      input[i] = (float)((state = state * 1664525 + 1013904223) >> 30);
    dlc_tensor inputs[8], outputs[8];
    for (dlc_uint32 i = 0; i < entry->input_count + entry->output_count; ++i) {
      int is_input = i < entry->input_count;
      const dlc_tensor_info *info = is_input ? &entry->inputs[i] : &entry->outputs[i - entry->input_count];
      for (dlc_uint32 d = 0; d < info->rank; ++d)
        shapes[i][d] = info->dims[d] >= 0                  ? info->dims[d]
                       : info->dims[d] == DLC_DIM_COMPUTED ? 0
                                                           : symbols[-info->dims[d] - 1];
      if (is_input)
        inputs[i] = dlc_tensor_of(input, info->element_type, info->rank, shapes[i]);
      else
        outputs[i - entry->input_count] =
            dlc_tensor_of(results[i - entry->input_count], info->element_type, info->rank, shapes[i]);
    }
    int64_t dims[64], asked[64], *next = dims;
    if (dlc_infer_symbols(context, entry, inputs, entry->input_count, asked) ||
        dlc_output_shapes(context, entry, asked, dims))
      return printf("%s\n", dlc_context_message(context)), 1;
    for (dlc_uint32 i = 0; i < entry->output_count; ++i)
      for (dlc_uint32 d = 0; d < entry->outputs[i].rank; ++d)
        shapes[entry->input_count + i][d] = *next++;
    if (dlc_run(context, entry, inputs, entry->input_count, outputs, entry->output_count))
      return printf("%s\n", dlc_context_message(context)), 1;
    if (run == 0)
      first = allocations, bytes = dlc_context_bytes(context);
    if (run == runs - 1)
      half = allocations, largest = dlc_context_bytes(context);
  }
  printf("%zu %zu %zu %zu %zu\n", first, half - first, allocations - half, bytes,
         (size_t)dlc_context_bytes(context) - largest);
  dlc_context_release(context);
  dlc_library_close(library);
  return 0;
}
