/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a run fail at every point at which it can, and compares what the library keeps with what it was before.
   usage: failing_runs LIBRARY ENTRY COUNT INPUT...: files with the inputs of COUNT sets, one set after another:
   extents, as i64, and elements. The first set
   is of a run that succeeds; each other one is of a run that fails, the last one only once another run has given the
   states their shapes. Then, in fresh contexts, every allocation of the successful run fails in turn. Prints, for each
   failure, the status and the message, and "changed" where a variable or a state differs. Ends with the number of
   allocations that failed, and the status of the last run. */
#include "dlc/runtime.h"

enum { MOST = 8, BYTES = 1 << 20 };
static char buffers[MOST][BYTES] __attribute__((aligned(64)));
static int64_t shapes[MOST][8], result_shapes[MOST][8];
static long allocations, failing = -1;

static void *allocate(void *self, dlc_uint64 bytes, dlc_uint64 alignment) {
  (void)self;
  void *memory = NULL;
  return allocations++ == failing || posix_memalign(&memory, alignment, bytes) ? NULL : memory;
}
static void release(void *self, void *memory, dlc_uint64 bytes) { (void)self, (void)bytes, free(memory); }

static void check(int status, const char *message) {
  if (status)
    printf("unexpected %d %s\n", status, message), exit(1);
}

static void read_inputs(const dlc_entry_point *entry, dlc_tensor *inputs, char **files) {
  for (dlc_uint32 i = 0; i < entry->input_count; ++i) {
    static char data[MOST][BYTES] __attribute__((aligned(64)));
    FILE *file = fopen(files[i], "rb");
    if (!file || fread(shapes[i], 8, entry->inputs[i].rank, file) != entry->inputs[i].rank)
      printf("cannot read %s\n", files[i]), exit(1);
    size_t bytes = fread(data[i], 1, BYTES, file);
    (void)bytes;
    fclose(file);
    inputs[i] = dlc_tensor_of(data[i], entry->inputs[i].element_type, entry->inputs[i].rank, shapes[i]);
  }
}

/* Runs once; the outputs are as large as their bounds. */
static int run(dlc_context *context, const dlc_entry_point *entry, const dlc_tensor *inputs) {
  int64_t symbols[64], dims[64], *next = dims;
  dlc_tensor outputs[MOST];
  int status = dlc_infer_symbols(context, entry, inputs, entry->input_count, symbols);
  if (!status)
    status = dlc_output_shapes(context, entry, symbols, dims);
  if (status)
    return status;
  for (dlc_uint32 i = 0; i < entry->output_count; ++i) {
    for (dlc_uint32 d = 0; d < entry->outputs[i].rank; ++d)
      result_shapes[i][d] = *next++;
    outputs[i] = dlc_tensor_of(buffers[i], entry->outputs[i].element_type, entry->outputs[i].rank, result_shapes[i]);
  }
  return dlc_run(context, entry, inputs, entry->input_count, outputs, entry->output_count);
}

/* What the context keeps: the bytes of all states, whose shapes are known after the first run. */
static size_t read_states(dlc_context *context, const dlc_entry_point *entry, char *bytes) {
  size_t used = 0;
  for (dlc_uint32 i = 0; i < entry->state_count; ++i) {
    const dlc_tensor_info *info = &entry->states[i];
    int64_t dims[8], count = 1;
    if (dlc_state_shape(context, info->name, dims))
      continue; /* no run has been there */
    for (dlc_uint32 d = 0; d < info->rank; ++d)
      count *= dims[d];
    dlc_tensor tensor = dlc_tensor_of(bytes + used, info->element_type, info->rank, dims);
    check(dlc_state_read(context, info->name, &tensor), dlc_context_message(context));
    used += (size_t)count * dlc_element_bytes(info->element_type);
  }
  return used;
}

int main(int argc, char **argv) {
  dlc_error error;
  dlc_library *library;
  if (argc < 4 || dlc_library_open(argv[1], NULL, &error, &library))
    return printf("%s\n", argc < 4 ? "usage: failing_runs LIBRARY ENTRY COUNT INPUT..." : error.message), 1;
  const dlc_model *model = library->model;
  const dlc_entry_point *entry = dlc_find_entry(model, argv[2]);
  dlc_context_options options = {.struct_bytes = sizeof options, .threads = 1, .allocator = {allocate, release, NULL}};
  void *variables = NULL, *before = calloc(1, model->variable_bytes + 1);
  if (model->variable_bytes) {
    variables = dlc_variables_allocate(model, &error);
    dlc_context *first;
    check(dlc_context_create(model, NULL, &error, &first), error.message);
    check(dlc_variables_bind(first, variables, model->variable_bytes), "bind");
    int64_t seed = 3;
    dlc_tensor given = dlc_tensor_of(&seed, DLC_I64, 0, NULL);
    const dlc_entry_point *init = dlc_find_entry(model, "init");
    check(dlc_run(first, init, &given, init->input_count, NULL, 0), dlc_context_message(first));
    dlc_context_release(first);
  }
  static char now[BYTES] __attribute__((aligned(64))), then[BYTES] __attribute__((aligned(64)));
  dlc_tensor inputs[MOST];
  dlc_context *context;
  int sets = atoi(argv[3]), failures = 0, status = 0;

  /* Inputs that fail checks, before and after a run that succeeds. */
  check(dlc_context_create(model, &options, &error, &context), error.message);
  if (variables)
    check(dlc_variables_bind(context, variables, model->variable_bytes), "bind");
  for (int round = 0; round < 2; ++round) {
    for (int set = 1; set < sets - !round; ++set) {
      if (variables)
        memcpy(before, variables, model->variable_bytes);
      size_t kept = read_states(context, entry, then);
      read_inputs(entry, inputs, argv + 4 + (size_t)set * entry->input_count);
      status = run(context, entry, inputs);
      printf("%d %s\n", status, status ? dlc_context_message(context) : "");
      if ((variables && memcmp(before, variables, model->variable_bytes)) || read_states(context, entry, now) != kept ||
          memcmp(now, then, kept))
        printf("changed\n");
    }
    read_inputs(entry, inputs, argv + 4);
    check(run(context, entry, inputs), dlc_context_message(context));
  }
  dlc_context_release(context);

  /* Every allocation of a run, in a context that has kept something from a run with other sizes if there is one. */
  for (long number = 0;; ++number) {
    failing = -1;
    check(dlc_context_create(model, &options, &error, &context), error.message);
    if (variables) {
      check(dlc_variables_bind(context, variables, model->variable_bytes), "bind");
      memcpy(before, variables, model->variable_bytes);
    }
    allocations = 0;
    failing = number;
    status = run(context, entry, inputs);
    int happened = allocations > number;
    failing = -1;
    if (happened) {
      ++failures;
      printf("%d %s\n", status, status ? dlc_context_message(context) : "");
      if (variables && memcmp(before, variables, model->variable_bytes))
        printf("changed\n");
      /* The states are those of a context that has not run: the next run gives what a first one does. */
      for (dlc_uint32 i = 0; i < entry->output_count; ++i)
        memset(buffers[i], 0, BYTES);
      check(run(context, entry, inputs), dlc_context_message(context));
      size_t kept = read_states(context, entry, now);
      dlc_context *fresh;
      check(dlc_context_create(model, &options, &error, &fresh), error.message);
      if (variables) {
        memcpy(variables, before, model->variable_bytes);
        check(dlc_variables_bind(fresh, variables, model->variable_bytes), "bind");
      }
      check(run(fresh, entry, inputs), dlc_context_message(fresh));
      if (read_states(fresh, entry, then) != kept || memcmp(now, then, kept))
        printf("changed\n");
      dlc_context_release(fresh);
    }
    dlc_context_release(context);
    if (!happened)
      break;
  }
  printf("failed %d, then %d\n", failures, status);
  dlc_library_close(library);
  return 0;
}
