// SPDX-License-Identifier: Apache-2.0
/// \file
/// The C header that dlc writes beside a model: one typed function per entry point.
#ifndef DLC_BACKENDS_LINK_HEADERWRITER_H
#define DLC_BACKENDS_LINK_HEADERWRITER_H

#include <cstdint>
#include <string>
#include <vector>

namespace dlc {

/// One extent of a tensor.
struct HeaderDim {
  enum Kind { Fixed, Symbol, Computed };
  Kind kind = Fixed;
  int64_t value = 0; ///< the extent, or the index of the symbol
  std::string text;  ///< the expression of a computed one, over the symbols' names: "2 * N + 1"
};

struct HeaderTensor {
  std::string name;
  uint32_t elementType = 0; ///< dlc_element_type
  std::vector<HeaderDim> dims;
  std::string remark;     ///< what else there is to say about it: "label"
  bool isBounded = false; ///< an output with extents that a run computes; `dims` are their upper bounds
  bool isKept = false;    ///< an output that the context keeps, because nothing is known of its extents before a run
};

struct HeaderSymbol {
  std::string name;
  int64_t minimum = 0, maximum = 0; ///< inclusive
  int sign = 0;                     ///< 1 or -1: it is an element of an input, or a negated one, and at least 0
  size_t input = 0, element = 0;    ///< then, the numbers of the input and of the element
  bool isComputed = false;          ///< the run computes it
};

struct HeaderEntry {
  std::string name;
  std::vector<HeaderSymbol> symbols;
  std::vector<HeaderTensor> inputs, outputs;
  std::vector<std::string> states; ///< names of what the context keeps from run to run
  bool usesVariables = false;      ///< reads or writes the block that is bound to the context
};

struct HeaderModel {
  std::string name;     ///< an identifier of C; the library exports dlc_model_NAME
  std::string compiler; ///< "dlc 0.1.0"
  std::vector<HeaderEntry> entries;
  uint64_t variableBytes = 0;               ///< of the block of variables; 0 if the model has none
  std::vector<std::string> classNames = {}; ///< of the data that the model has learned from; empty: numbers
};

/// The contents of NAME.h, for C11 and C++17. Names of tensors and symbols become identifiers that are unique in their
/// function.
std::string writeHeader(const HeaderModel &model);

} // namespace dlc

#endif // DLC_BACKENDS_LINK_HEADERWRITER_H
