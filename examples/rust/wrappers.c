// SPDX-License-Identifier: Apache-2.0
// The functions of dlc's headers are inline; these have symbols, by which Rust calls them.
#include "digits.h"

int32_t network_create(uint32_t threads, dlc_error *error, dlc_context **network) {
  dlc_context_options options = {.struct_bytes = sizeof options, .threads = threads};
  return dlc_context_create(&dlc_model_digits, &options, error, network);
}

int32_t network_run(dlc_context *network, int64_t images, const float *pixels, float *probability) {
  return digits_run(network, images, pixels, probability);
}

const char *network_message(const dlc_context *network) { return dlc_context_message(network); }

void network_release(dlc_context *network) { dlc_context_release(network); }
