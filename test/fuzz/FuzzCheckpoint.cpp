// SPDX-License-Identifier: Apache-2.0
/// \file
/// Checkpoints: the variables, by the runtime, and the training run in their metadata, by training/.
#include "test/fuzz/MemoryFile.h"
#include "test/unit/runtime/TrainableModel.h"
#include "training/Schedule.h"
#include "training/TrainingState.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  dlc::fuzz::MemoryFile file(data, size);
  for (dlc_uint32 flags : {0u, dlc_uint32(DLC_LOAD_PARTIAL), dlc_uint32(DLC_LOAD_WEIGHTS_ONLY)}) {
    dlc::Variables variables(&trainableModel);
    dlc_load_options options = {};
    options.struct_bytes = sizeof options;
    options.flags = flags;
    dlc_error error = {};
    if (dlc_variables_load(&trainableModel, variables.data(), file.getPath().c_str(), &options, &error) != DLC_OK &&
        !error.message[0])
      std::abort();
  }
  try {
    dlc::Variables variables(&trainableModel);
    dlc::training::TrainingState state;
    state.load(file.getPath(), variables, {}, *dlc::training::makeSchedule("plateau:patience=1", 1));
  } catch (const dlc::data::Failure &) {
    // what the user is told
  }
  return 0;
}
