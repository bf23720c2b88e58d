// SPDX-License-Identifier: Apache-2.0
#include "profile/LibraryContents.h"
#include "data/Failure.h"
#include "dlc/launches.h"
#include "dlc/runtime.hpp"
#include "profile/LibraryImage.h"

#include <array>
#include <filesystem>
#include <memory>

using namespace dlc::profile;
using dlc::data::Failure;

/// The value for symbols that are all 1.
static double evaluateAtOne(const dlc_formula &formula) {
  static const std::array<dlc_uint64, 64> ones = [] {
    std::array<dlc_uint64, 64> values;
    values.fill(1);
    return values;
  }();
  return dlc_evaluate_formula(&formula, ones.data(), ones.size());
}

static void readLaunches(LibraryContents &contents, const dlc_program &program) {
  if (!DLC_HAS(dlc_program, &program, launches))
    throw Failure("'" + contents.path + "' was compiled by " + contents.compiler +
                  ", which says nothing of kernels: compile it again");
  dlc_uint32 count;
  std::unique_ptr<dlc_launch_info, void (*)(void *)> infos(dlc_read_launches(&program, &count), free);
  if (count && !infos)
    throw Failure("no memory for the launches of '" + contents.path + "'");
  for (dlc_uint32 i = 0; i < count; ++i) {
    const dlc_launch_info &info = infos.get()[i];
    contents.launches.push_back({info.layer, info.kernel, info.kind, info.type, info.schedules,
                                 evaluateAtOne(info.operations), evaluateAtOne(info.bytes),
                                 evaluateAtOne(info.nanoseconds) * 1e-9});
  }
}

/// `isLoaded`: whether the functions of `model` can be called.
static void readModel(LibraryContents &contents, const dlc_model &model, bool isLoaded) {
  contents.model = model.name;
  contents.compiler = model.compiler;
  contents.target = model.target;
  const dlc_program *chosen = isLoaded ? dlc_choose_program(&model, nullptr) : nullptr;
  const dlc_program &program = chosen ? *chosen : *model.programs[0];
  contents.sizes.push_back({"constants", program.constant_bytes});
  contents.sizes.push_back({"prepacked at load", program.prepared_bytes});
  contents.sizes.push_back({"variables", model.variable_bytes});
  contents.sizes.push_back({"scratch per thread", program.scratch_bytes});
  for (dlc_uint32 e = 0; isLoaded && e < model.entry_count; ++e) {
    const dlc_entry_point &entry = model.entries[e];
    std::vector<dlc_int64> symbols(entry.symbol_count + 1, 1);
    for (dlc_uint32 s = 0; s < entry.symbol_count; ++s)
      symbols[s] = std::max<dlc_int64>(1, entry.symbols[s].minimum);
    if (program.entries[e].workspace_bytes)
      contents.sizes.push_back({std::string("workspace of ") + entry.name, //
                                program.entries[e].workspace_bytes(symbols.data())});
  }
  readLaunches(contents, program);
}

LibraryContents LibraryContents::read(const std::string &path) {
  LibraryContents contents;
  contents.path = path;
  std::error_code problem;
  uint64_t fileBytes = std::filesystem::file_size(path, problem);
  if (problem)
    throw Failure("cannot read '" + path + "': " + problem.message());
  contents.sizes.push_back({"file", fileBytes});
  if (!LibraryImage::findForeignArchitecture(path).empty())
    readModel(contents, LibraryImage(path).model(), /*isLoaded=*/false);
  else
    readModel(contents, *dlc::Library(std::filesystem::absolute(path).string()).model(), /*isLoaded=*/true);
  return contents;
}
