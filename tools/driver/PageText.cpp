// SPDX-License-Identifier: Apache-2.0
#include "tools/driver/PageText.h"
#include "ir/DlcDialect.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>
#include <cstdio>

namespace dlc {

std::string escapeHtml(llvm::StringRef text) {
  std::string escaped;
  llvm::raw_string_ostream stream(escaped);
  llvm::printHTMLEscaped(text, stream);
  return escaped;
}

std::string beginPage(llvm::StringRef title, llvm::StringRef heading, llvm::StringRef style) {
  return ("<!DOCTYPE html>\n<html lang='en'>\n<meta charset='utf-8'>\n<meta name='viewport' "
          "content='width=device-width'>\n<title>" +
          escapeHtml(title) + "</title>\n<style>" + style + "</style>\n<h1>" + escapeHtml(heading) + "</h1>\n")
      .str();
}

/// Three significant digits and one of `units`, which are `step` apart.
template <size_t count> static std::string scale(double value, double step, const char *const (&units)[count]) {
  if (!std::isfinite(value))
    return "?";
  size_t unit = 0;
  for (; std::abs(value) >= step * 0.9995 && unit + 1 < count; ++unit)
    value /= step;
  int digits = std::abs(value) >= 99.95 || (unit == 0 && value == std::floor(value)) ? 0
               : std::abs(value) >= 9.995                                            ? 1
                                                                                     : 2;
  char text[64];
  std::snprintf(text, sizeof text, "%.*f %s", digits, value, units[unit]);
  return llvm::StringRef(text).rtrim().str();
}

std::string formatBytes(double bytes) { return scale(bytes, 1000, {"B", "kB", "MB", "GB", "TB"}); }
std::string formatNanoseconds(double nanoseconds) { return scale(nanoseconds, 1000, {"ns", "us", "ms", "s"}); }
std::string formatCount(double count) { return scale(count, 1000, {"", "k", "M", "G", "T"}); }

std::string getKindColor(llvm::StringRef kind) {
  // Profiles tell Winograd's algorithm apart.
  std::optional<KernelKind> known = symbolizeKernelKind(kind.split(' ').first);
  static const char *const colors[] = {"#6b8fd6", "#d1793f", "#3f9d6b", "#b08a2e", "#a765b8",
                                       "#c25d86", "#8b8f98", "#2f9aa8", "#cf5a4f", "#7d7a3c"};
  return colors[known ? static_cast<unsigned>(*known) % std::size(colors) : 6];
}

std::string shorten(llvm::StringRef text, size_t most) {
  return text.size() <= most ? text.str() : (text.take_front(most - 1) + "…").str();
}

} // namespace dlc
