// SPDX-License-Identifier: Apache-2.0
#include "training/TrainingReport.h"

#include "training/RunFiles.h"

#include <algorithm>
#include <cmath>

using namespace dlc::training;

namespace {

/// A step between marks of an axis: 1, 2 or 5 times a power of ten.
double roundStep(double range) {
  double power = std::pow(10, std::floor(std::log10(range / 4)));
  for (double factor : {1.0, 2.0, 5.0})
    if (factor * power * 5 >= range)
      return factor * power;
  return 10 * power;
}

/// The multiples of `step` from `low` to `high`.
std::vector<double> marksBetween(double low, double high, double step) {
  std::vector<double> marks;
  auto first = static_cast<int64_t>(std::ceil(low / step)), last = static_cast<int64_t>(std::floor(high / step));
  for (int64_t index = first; index <= last; ++index)
    marks.push_back(static_cast<double>(index) * step);
  return marks;
}

struct Curve {
  std::string name, style;
  std::vector<double> values; ///< one per epoch; NaN where there is none
};

/// A plot of curves over the epochs.
std::string drawCurves(const std::vector<Curve> &curves, const std::vector<EpochRecord> &history) {
  constexpr double width = 640, height = 260, left = 64, bottom = 28;
  double low = INFINITY, high = -INFINITY;
  for (const Curve &curve : curves)
    for (double value : curve.values)
      if (std::isfinite(value)) {
        low = std::min(low, value);
        high = std::max(high, value);
      }
  if (!(low <= high))
    return "";
  double margin = high > low ? (high - low) * 0.05 : std::max(std::fabs(high), 1e-3) * 0.1;
  low -= margin;
  high += margin;
  auto first = static_cast<double>(history.front().epoch), last = static_cast<double>(history.back().epoch);
  auto x = [&](double epoch) { return left + (last > first ? (epoch - first) / (last - first) : 0.5) * width; };
  auto y = [&](double value) { return 8 + (1 - (value - low) / (high - low)) * height; };
  std::string svg = "<svg viewBox='0 0 " + formatNumber("%g", left + width + 28) + " " +
                    formatNumber("%g", height + bottom + 12) + "' role='img' aria-label='" +
                    escapeHtml(curves[0].name) + "'>\n";
  double step = roundStep(high - low);
  for (double mark : marksBetween(low, high, step))
    svg += "<line class='grid' x1='" + formatNumber("%g", left) + "' x2='" + formatNumber("%g", left + width) +
           "' y1='" + formatNumber("%.2f", y(mark)) + "' y2='" + formatNumber("%.2f", y(mark)) + "'/><text x='" +
           formatNumber("%g", left - 6) + "' y='" + formatNumber("%.2f", y(mark) + 4) + "' text-anchor='end'>" +
           formatNumber("%.4g", mark) + "</text>\n";
  double epochStep = std::max(1.0, last > first ? std::round(roundStep(last - first)) : 1);
  for (double epoch : marksBetween(first, last, epochStep))
    svg += "<text x='" + formatNumber("%.2f", x(epoch)) + "' y='" + formatNumber("%g", height + 26) +
           "' text-anchor='middle'>" + formatNumber("%g", epoch) + "</text>\n";
  for (const Curve &curve : curves) {
    std::string points;
    for (size_t i = 0; i < curve.values.size(); ++i) {
      if (!std::isfinite(curve.values[i]))
        continue;
      double px = x(static_cast<double>(history[i].epoch)), py = y(curve.values[i]);
      points += formatNumber("%.2f", px) + "," + formatNumber("%.2f ", py);
      if (history.size() <= 100)
        svg += "<circle class='" + curve.style + "' cx='" + formatNumber("%.2f", px) + "' cy='" +
               formatNumber("%.2f", py) + "' r='2.5'><title>" + escapeHtml(curve.name) + ", epoch " +
               std::to_string(history[i].epoch) + ": " + formatNumber("%.6g", curve.values[i]) + "</title></circle>\n";
    }
    svg += "<polyline class='" + curve.style + "' points='" + points + "'/>\n";
  }
  return svg + "</svg>\n";
}

} // namespace

std::string TrainingReport::toHtml() const {
  std::string page;
  std::vector<std::string> names;
  const std::string front = "validation_";
  for (const EpochRecord &record : history)
    for (const auto &[name, value] : record.metrics)
      if (std::find(names.begin(), names.end(), name) == names.end())
        names.push_back(name);
  auto valuesOf = [&](const std::string &name) {
    std::vector<double> values;
    for (const EpochRecord &record : history)
      values.push_back(record.find(name).value_or(NAN));
    return values;
  };
  page += "<div class='curves'>\n";
  auto draw = [&](const std::string &name, const std::vector<Curve> &curves) {
    std::string picture = history.empty() ? "" : drawCurves(curves, history);
    if (picture.empty())
      return;
    page += "<figure>\n<figcaption>" + escapeHtml(name);
    for (const Curve &curve : curves)
      page += "<span class='key " + curve.style + "'>&#9632; " + curve.style + "</span>";
    page += "</figcaption>\n" + picture + "</figure>\n";
  };
  for (const std::string &name : names) {
    bool isValidation = !name.compare(0, front.size(), front);
    std::string plain = isValidation ? name.substr(front.size()) : name;
    bool hasBoth = std::find(names.begin(), names.end(), isValidation ? plain : front + plain) != names.end();
    if (isValidation && hasBoth)
      continue; // drawn with the other one
    std::vector<Curve> curves;
    if (!isValidation)
      curves.push_back({name, "training", valuesOf(name)});
    if (isValidation || hasBoth)
      curves.push_back({front + plain, "validation", valuesOf(front + plain)});
    draw(plain, curves);
  }
  std::vector<double> rates;
  for (const EpochRecord &record : history)
    if (record.learningRate)
      rates.push_back(*record.learningRate);
  bool hasRates = !rates.empty();
  if (hasRates)
    draw("learning rate", {{"learning rate", "training", rates}});
  page += "</div>\n";
  if (confusion)
    page += "<h2>Confusion matrix</h2>\n" + drawConfusion(*confusion, classNames);

  size_t best = 0;
  for (size_t i = 0; i < history.size(); ++i) {
    double sign = isMoreBetter(monitor) ? -1 : 1;
    if (sign * history[i].find(monitor).value_or(NAN) < sign * history[best].find(monitor).value_or(NAN))
      best = i;
  }
  page += "<h2>Epochs</h2>\n<p>The best by " + escapeHtml(monitor) +
          " is set in bold.</p>\n<div class='scrolls long'>\n<table>\n<tr><th class='number'>epoch";
  for (const std::string &name : names)
    // On two lines, so that the table fits the page.
    page += "<th class='number'>" + (name.compare(0, front.size(), front)
                                         ? escapeHtml(name)
                                         : "validation<br>" + escapeHtml(name.substr(front.size())));
  page += hasRates ? "<th class='number'>learning<br>rate</tr>\n" : "</tr>\n";
  for (size_t i = 0; i < history.size(); ++i) {
    page += std::string(i == best ? "<tr class='best'>" : "<tr>") + "<td class='number'>" +
            std::to_string(history[i].epoch);
    for (const std::string &name : names) {
      std::optional<double> value = history[i].find(name);
      page += "<td class='number'>" + (value ? formatNumber("%.5g", *value) : "");
    }
    if (hasRates)
      page += "<td class='number'>" + formatNumber("%.3g", history[i].learningRate.value_or(NAN));
    page += "</tr>\n";
  }
  return writePage(model + ": training", facts, page + "</table>\n</div>\n");
}

void dlc::training::writeTrainingReport(const std::string &path, const TrainingReport &report) {
  writeWhole(path, report.toHtml());
}
