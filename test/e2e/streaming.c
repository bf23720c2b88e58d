// SPDX-License-Identifier: Apache-2.0
// usage: streaming LIBRARY STATE STEPS: runs STEPS steps of two streams in turn, each in a context of its own, with
// reads, writes and resets of its state, and prints what comes out. `run` takes i64[1, 1] and gives f32[1, 1, 25], as
// examples/char-lstm does.
#include "dlc/runtime.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OUTPUTS = 25, UNITS = 40 };

static dlc_context *contexts[2];

static void check(dlc_context *context, dlc_int32 status) {
  if (!status)
    return;
  fprintf(stderr, "%d %s\n", status, context ? dlc_context_message(context) : "");
  exit(1);
}

static void print(const float *values, int count) {
  for (int i = 0; i < count; ++i)
    printf("%.9g\n", (double)values[i]);
}

static void step(int stream, int number) {
  dlc_context *context = contexts[stream];
  const dlc_entry_point *entry = dlc_find_entry(context->model, "run");
  dlc_int64 letter = (7 * number + 3 * stream) % 25, shape[3] = {1, 1, OUTPUTS};
  float y[OUTPUTS];
  dlc_tensor input = dlc_tensor_of(&letter, DLC_I64, 2, shape), output = dlc_tensor_of(y, DLC_F32, 3, shape);
  check(context, dlc_run(context, entry, &input, 1, &output, 1));
  print(y, OUTPUTS);
}

int main(int count, char **arguments) {
  if (count != 4)
    return 2;
  dlc_error error;
  dlc_library *library;
  dlc_int32 status = dlc_library_open(arguments[1], NULL, &error, &library);
  for (int i = 0; !status && i < 2; ++i)
    status = dlc_context_create(library->model, NULL, &error, &contexts[i]);
  if (status) {
    fprintf(stderr, "%s\n", error.message);
    return 1;
  }
  for (int number = 0; number < atoi(arguments[3]); ++number)
    for (int stream = 0; stream < 2; ++stream)
      step(stream, number);

  // What stream 0 has reached continues in stream 1; stream 0 begins anew.
  float state[UNITS], last[UNITS];
  dlc_int64 dims[2] = {1, UNITS};
  dlc_tensor tensor = dlc_tensor_of(state, DLC_F32, 2, dims), ending = dlc_tensor_of(last, DLC_F32, 2, dims);
  check(contexts[0], dlc_state_read(contexts[0], arguments[2], &tensor));
  check(contexts[1], dlc_state_write(contexts[1], arguments[2], &tensor));
  check(contexts[0], dlc_context_reset(contexts[0]));
  step(0, 3);
  step(1, 3);
  check(contexts[0], dlc_context_reset(contexts[0]));
  // A state that is written before the first run behind a reset.
  check(contexts[0], dlc_state_write(contexts[0], arguments[2], &tensor));
  step(0, 4);
  check(contexts[1], dlc_context_reset(contexts[1]));
  step(1, 4);
  check(contexts[1], dlc_state_read(contexts[1], arguments[2], &ending));
  print(last, UNITS);
  for (int i = 0; i < 2; ++i)
    dlc_context_release(contexts[i]);
  dlc_library_close(library);
  return 0;
}
