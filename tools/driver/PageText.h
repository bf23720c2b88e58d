// SPDX-License-Identifier: Apache-2.0
/// \file
/// Text of pages: how they begin, escaped names, numbers with units, the colors of kernel kinds.
#ifndef DLC_TOOLS_DRIVER_PAGETEXT_H
#define DLC_TOOLS_DRIVER_PAGETEXT_H

#include "llvm/ADT/StringRef.h"
#include <string>

namespace dlc {

/// `text` as text or as a quoted attribute of HTML and SVG.
std::string escapeHtml(llvm::StringRef text);

/// The beginning of a page that fits screens of any width: `title` and `heading` are text, `style` is CSS. `</html>`
/// ends it.
std::string beginPage(llvm::StringRef title, llvm::StringRef heading, llvm::StringRef style);

/// "12.3 kB", in powers of 1000.
std::string formatBytes(double bytes);
/// "12.3 us"; "?" if it is NaN.
std::string formatNanoseconds(double nanoseconds);
/// "1.23 G" and the like.
std::string formatCount(double count);

/// A color of CSS for a kernel kind, the same on all pages. Legible on white and on black.
std::string getKindColor(llvm::StringRef kind);

/// `text`, or its beginning and an ellipsis if it has more than `most` characters.
std::string shorten(llvm::StringRef text, size_t most);

} // namespace dlc

#endif // DLC_TOOLS_DRIVER_PAGETEXT_H
