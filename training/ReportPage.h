// SPDX-License-Identifier: Apache-2.0
/// \file
/// The parts that pages about training and evaluations share: HTML that refers to nothing outside the page.
#ifndef DLC_TRAINING_REPORTPAGE_H
#define DLC_TRAINING_REPORTPAGE_H

#include "training/Metrics.h"

namespace dlc::training {

/// Text as HTML.
std::string escapeHtml(const std::string &text);
/// By printf.
std::string formatNumber(const char *pattern, double value);

/// What a page says at its top, as pairs of a term and its description; empty descriptions are left out.
using Facts = std::vector<std::pair<std::string, std::string>>;

/// A page that fits screens from the width of a phone's on: wide parts of `content`, which is HTML, scroll by
/// themselves if they are in an element of the class "scrolls".
std::string writePage(const std::string &title, const Facts &facts, const std::string &content);

/// The name of a class; its number if it has none.
std::string nameOfClass(size_t index, const std::vector<std::string> &names);

/// The matrix, with the share of each row as the colour of its cells, and a table of each class's precision, recall, F1
/// and number of rows.
std::string drawConfusion(const Confusion &confusion, const std::vector<std::string> &classNames);

/// "2026-11-29 14:05 UTC"
std::string describeNow();

} // namespace dlc::training

#endif // DLC_TRAINING_REPORTPAGE_H
