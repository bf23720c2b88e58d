// SPDX-License-Identifier: Apache-2.0
#include "tools/dlc-tune/LibraryRun.h"
#include "data/RandomNumbers.h"
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace dlc::tune {

static bool isFloat(uint32_t type) { return type == DLC_F32 || type == DLC_F64 || type == DLC_F16 || type == DLC_BF16; }

RawTensor::RawTensor(const Buffer &buffer)
    : memory(buffer.elementType,
             {static_cast<int64_t>(buffer.bytes / std::max<size_t>(dlc_element_bytes(buffer.elementType), 1))}),
      dims(buffer.dims) {}

void RawTensor::fill(uint32_t seed) {
  std::mt19937 generator(seed);
  data::fillRandomly(memory, generator);
}

RawTensor RawTensor::copy() const {
  RawTensor result;
  result.memory = data::Array(memory.elementType(), memory.shape());
  result.dims = dims;
  std::memcpy(result.memory.data(), memory.data(), memory.bytes());
  return result;
}

dlc_tensor RawTensor::getView() {
  return dlc_tensor_of(memory.data(), memory.elementType(), static_cast<int32_t>(dims.size()), dims.data());
}

double RawTensor::getDifference(const RawTensor &other) const {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (std::memcmp(memory.data(), other.memory.data(), memory.bytes()) == 0)
    return 0;
  if (!isFloat(memory.elementType()))
    return infinity;
  double largest = 0, difference = 0;
  for (size_t i = 0; i < memory.count(); ++i) {
    double own = memory.at(i), theirs = other.memory.at(i);
    if (own == theirs || (std::isnan(own) && std::isnan(theirs)))
      continue;
    if (!std::isfinite(own) || !std::isfinite(theirs))
      return infinity;
    difference = std::max(difference, std::fabs(own - theirs));
  }
  for (size_t i = 0; i < memory.count(); ++i)
    if (std::isfinite(memory.at(i)))
      largest = std::max(largest, std::fabs(memory.at(i)));
  return difference == 0 ? 0 : difference / largest;
}

LibraryRun::LibraryRun(const Signature &signature, const std::string &path, unsigned threads) {
  dlc_error error;
  if (dlc_library_open(path.c_str(), nullptr, &error, &library))
    throw data::Failure(error.message);
  dlc_context_options options = {};
  options.struct_bytes = sizeof options;
  options.threads = threads;
  if (dlc_context_create(library->model, &options, &error, &context)) {
    dlc_library_close(library);
    throw data::Failure(error.message);
  }
  for (const Buffer &buffer : signature.outputs)
    outputs.emplace_back(buffer);
  for (RawTensor &output : outputs)
    outputViews.push_back(output.getView());
}

LibraryRun::~LibraryRun() {
  dlc_context_release(context);
  dlc_library_close(library);
}

void LibraryRun::run(const std::vector<dlc_tensor> &inputs) {
  if (dlc_run(context, &library->model->entries[0], inputs.data(), static_cast<uint32_t>(inputs.size()),
              outputViews.data(), static_cast<uint32_t>(outputViews.size())))
    throw data::Failure(dlc_context_message(context));
}

} // namespace dlc::tune
