// SPDX-License-Identifier: Apache-2.0
/// \file
/// What a misspelled name may have meant. The compiler's counterpart, which may link LLVM, is ir/Suggestion.h.
#ifndef DLC_DATA_SUGGESTION_H
#define DLC_DATA_SUGGESTION_H

#include <string>
#include <vector>

namespace dlc::data {

/// "; did you mean 'x'?" with the name among `candidates` that is most like `name`, or "; there is 'x', ..." if none is
/// close.
std::string suggestion(const std::string &name, const std::vector<std::string> &candidates);

} // namespace dlc::data

#endif // DLC_DATA_SUGGESTION_H
