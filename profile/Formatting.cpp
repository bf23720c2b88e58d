// SPDX-License-Identifier: Apache-2.0
#include "profile/Formatting.h"

#include <cmath>
#include <cstdio>

namespace dlc::profile {

/// Columns of `text`: bytes that continue a character take none.
static size_t countColumns(const std::string &text) {
  size_t columns = 0;
  for (unsigned char byte : text)
    columns += (byte & 0xc0) != 0x80;
  return columns;
}

std::string formatNumber(double value) {
  if (!std::isfinite(value))
    return "-";
  char text[32];
  double magnitude = std::fabs(value);
  std::snprintf(text, sizeof text, "%.*f", magnitude < 9.995 ? 2 : magnitude < 99.95 ? 1 : 0, value);
  return text;
}

std::string formatSeconds(double seconds) {
  if (seconds < 999.5e-9)
    return formatNumber(seconds * 1e9) + " ns";
  if (seconds < 999.5e-6)
    return formatNumber(seconds * 1e6) + " us";
  return seconds < 999.5e-3 ? formatNumber(seconds * 1e3) + " ms" : formatNumber(seconds) + " s";
}

std::string formatShare(double share) {
  if (!std::isfinite(share))
    return "-";
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %%", share * 100);
  return text;
}

std::string alignRight(const std::string &text, size_t width) {
  size_t columns = countColumns(text);
  return columns < width ? std::string(width - columns, ' ') + text : text;
}

std::string shorten(const std::string &text, size_t width) {
  if (countColumns(text) <= width)
    return text;
  size_t head = (width - 3) / 2, tail = width - 3 - head, column = 0;
  size_t headEnd = 0, tailBegin = text.size(), all = countColumns(text);
  for (size_t i = 0; i < text.size(); ++i) {
    if ((text[i] & 0xc0) == 0x80)
      continue;
    if (column == head)
      headEnd = i;
    if (column == all - tail)
      tailBegin = i;
    ++column;
  }
  return text.substr(0, headEnd) + "..." + text.substr(tailBegin);
}

} // namespace dlc::profile
