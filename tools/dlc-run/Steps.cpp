// SPDX-License-Identifier: Apache-2.0
// dlc-run --steps SYMBOL: a sequence, one position at a time.
#include "data/Suggestion.h"
#include "tools/dlc-run/Commands.h"

#include <cstring>

using namespace dlc::data;
using namespace dlcrun;

namespace {

/// The dimension of `tensor` that is symbol `symbol`, or -1.
int findDimension(const dlc_tensor_info &tensor, dlc_uint32 symbol) {
  for (dlc_uint32 d = 0; d < tensor.rank; ++d)
    if (tensor.dims[d] == -static_cast<dlc_int64>(symbol) - 1)
      return static_cast<int>(d);
  return -1;
}

/// Copies between position `position` along `dim` of `whole` and `part`, which has extent 1 there.
void copyPosition(Array &whole, Array &part, int dim, dlc_int64 position, bool toPart) {
  size_t outer = 1, inner = dlc_element_bytes(whole.elementType()), extent = whole.shape()[dim];
  for (size_t d = 0; d < whole.shape().size(); ++d)
    (static_cast<int>(d) < dim ? outer : inner) *= static_cast<int>(d) == dim ? 1 : whole.shape()[d];
  for (size_t i = 0; i < outer; ++i) {
    unsigned char *in = whole.data() + (i * extent + position) * inner, *out = part.data() + i * inner;
    std::memcpy(toPart ? out : in, toPart ? in : out, inner);
  }
}

/// `whole` with extent 1 along `dim`; a copy of it if there is no such dimension.
Array makePart(const Array &whole, int dim) {
  std::vector<dlc_int64> shape = whole.shape();
  if (dim >= 0)
    shape[dim] = 1;
  Array part(whole.elementType(), shape);
  if (dim < 0)
    std::memcpy(part.data(), whole.data(), whole.bytes());
  return part;
}

} // namespace

void dlcrun::runSteps(Session &session, const std::string &symbolName) {
  const dlc_entry_point &entry = session.entry();
  dlc_uint32 symbol = 0;
  std::vector<std::string> names;
  for (dlc_uint32 s = 0; s < entry.symbol_count; ++s)
    names.push_back(entry.symbols[s].name);
  while (symbol < entry.symbol_count && names[symbol] != symbolName)
    ++symbol;
  if (symbol == entry.symbol_count)
    throw Failure("the entry point '" + std::string(entry.name) + "' has no symbolic dimension '" + symbolName +
                  "' to step along" + suggestion(symbolName, names));
  for (dlc_uint32 i = 0; i < entry.output_count; ++i)
    if (entry.outputs[i].flags & (DLC_TENSOR_BOUNDED | DLC_TENSOR_UNBOUNDED))
      throw Failure("data decides the shape of output '" + std::string(entry.outputs[i].name) +
                    "', so the outputs of steps do not fit together");
  std::vector<Array> inputs, outputs;
  std::vector<int> inputDims, outputDims;
  dlc_int64 steps = 0;
  for (dlc_uint32 i = 0; i < entry.input_count; ++i) {
    inputDims.push_back(findDimension(entry.inputs[i], symbol));
    inputs.push_back(makePart(session.inputs[i], inputDims[i]));
    if (inputDims[i] >= 0)
      steps = session.inputs[i].shape()[inputDims[i]];
  }
  for (dlc_uint32 i = 0; i < entry.output_count; ++i) {
    outputDims.push_back(findDimension(entry.outputs[i], symbol));
    outputs.push_back(makePart(session.outputs[i], outputDims[i]));
  }
  for (dlc_int64 step = 0; step < steps; ++step) {
    for (dlc_uint32 i = 0; i < entry.input_count; ++i)
      if (inputDims[i] >= 0)
        copyPosition(session.inputs[i], inputs[i], inputDims[i], step, true);
    session.runOn(inputs, outputs);
    for (dlc_uint32 i = 0; i < entry.output_count; ++i)
      if (outputDims[i] >= 0)
        copyPosition(session.outputs[i], outputs[i], outputDims[i], step, false);
      else
        std::memcpy(session.outputs[i].data(), outputs[i].data(), outputs[i].bytes());
  }
}
