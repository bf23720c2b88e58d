/* SPDX-License-Identifier: Apache-2.0 */
/* Trains the model of a library for some steps, and prints the losses: the part of the ABI that a program needs. */
#include "dlc/runtime.h"

int main(int argc, char **argv) {
  dlc_error error;
  dlc_library *library;
  if (argc != 2 || dlc_library_open(argv[1], NULL, &error, &library))
    return printf("%s\n", argc == 2 ? error.message : "usage: program LIBRARY"), 1;
  const dlc_model *model = library->model;
  dlc_context_options options;
  memset(&options, 0, sizeof options);
  options.struct_bytes = sizeof options;
  options.threads = 2;
  dlc_context *context;
  void *variables = dlc_variables_allocate(model, &error);
  if (!variables || dlc_context_create(model, &options, &error, &context))
    return printf("%s\n", error.message), 1;
  const dlc_entry_point *init = dlc_find_entry(model, "init"), *step = dlc_find_entry(model, "train_step");
  int64_t seed = 7, x_shape[] = {4, 3}, label_shape[] = {4, 1};
  float x[12], label[4], rate = 0.05f, loss = 0;
  for (int i = 0; i < 12; ++i)
    x[i] = (float)(i % 5) / 4;
  for (int i = 0; i < 4; ++i)
    label[i] = x[3 * i] - x[3 * i + 1];
  dlc_tensor seed_tensor = dlc_tensor_of(&seed, DLC_I64, 0, NULL), loss_tensor = dlc_tensor_of(&loss, DLC_F32, 0, NULL);
  if (dlc_variables_bind(context, variables, model->variable_bytes) ||
      dlc_run(context, init, &seed_tensor, init->input_count, NULL, 0))
    return printf("%s\n", dlc_context_message(context)), 1;
  for (int i = 0; i < 5; ++i) {
    dlc_tensor inputs[8];
    for (dlc_uint32 j = 0; j < step->input_count; ++j)
      inputs[j] = step->inputs[j].flags & DLC_TENSOR_LABEL            ? dlc_tensor_of(label, DLC_F32, 2, label_shape)
                  : step->inputs[j].flags & DLC_TENSOR_HYPERPARAMETER ? dlc_tensor_of(&rate, DLC_F32, 0, NULL)
                                                                      : dlc_tensor_of(x, DLC_F32, 2, x_shape);
    if (dlc_run(context, step, inputs, step->input_count, &loss_tensor, step->output_count))
      return printf("%s\n", dlc_context_message(context)), 1;
    printf("%.6f\n", loss);
  }
  dlc_context_release(context);
  free(variables);
  dlc_library_close(library);
  return 0;
}
