// SPDX-License-Identifier: Apache-2.0
/// \file
/// Numbers for people.
#ifndef DLC_PROFILE_FORMATTING_H
#define DLC_PROFILE_FORMATTING_H

#include <string>

namespace dlc::profile {

/// Three digits and a unit: "1.23 ms", "456 us".
std::string formatSeconds(double seconds);
/// Three digits: "1.23", "45.6", "789"; "-" if it is not a finite number.
std::string formatNumber(double value);
/// "12.3 %"; "-" if it is not a finite number.
std::string formatShare(double share);
/// `text` in `width` columns, at the right; in UTF-8, of which one character is one column.
std::string alignRight(const std::string &text, size_t width);
/// `text` in at most `width` columns: the middle of a longer one gives way to "...".
std::string shorten(const std::string &text, size_t width);

} // namespace dlc::profile

#endif // DLC_PROFILE_FORMATTING_H
