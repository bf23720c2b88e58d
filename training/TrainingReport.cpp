// SPDX-License-Identifier: Apache-2.0
#include "training/TrainingReport.h"

#include "training/RunFiles.h"

#include <algorithm>
#include <cmath>

using namespace dlc::training;

namespace {

std::string escape(const std::string &text) {
  std::string escaped;
  for (char c : text)
    switch (c) {
    case '<':
      escaped += "&lt;";
      break;
    case '>':
      escaped += "&gt;";
      break;
    case '&':
      escaped += "&amp;";
      break;
    case '\'':
      escaped += "&#39;";
      break;
    case '"':
      escaped += "&quot;";
      break;
    default:
      escaped += c;
    }
  return escaped;
}

std::string format(const char *pattern, double value) {
  char text[64];
  std::snprintf(text, sizeof text, pattern, value);
  return text;
}

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
  std::string svg = "<svg viewBox='0 0 " + format("%g", left + width + 12) + " " + format("%g", height + bottom + 12) +
                    "' role='img' aria-label='" + escape(curves[0].name) + "'>\n";
  double step = roundStep(high - low);
  for (double mark : marksBetween(low, high, step))
    svg += "<line class='grid' x1='" + format("%g", left) + "' x2='" + format("%g", left + width) + "' y1='" +
           format("%.2f", y(mark)) + "' y2='" + format("%.2f", y(mark)) + "'/><text x='" + format("%g", left - 6) +
           "' y='" + format("%.2f", y(mark) + 4) + "' text-anchor='end'>" + format("%.4g", mark) + "</text>\n";
  double epochStep = std::max(1.0, last > first ? std::round(roundStep(last - first)) : 1);
  for (double epoch : marksBetween(first, last, epochStep))
    svg += "<text x='" + format("%.2f", x(epoch)) + "' y='" + format("%g", height + 26) + "' text-anchor='middle'>" +
           format("%g", epoch) + "</text>\n";
  for (const Curve &curve : curves) {
    std::string points;
    for (size_t i = 0; i < curve.values.size(); ++i) {
      if (!std::isfinite(curve.values[i]))
        continue;
      double px = x(static_cast<double>(history[i].epoch)), py = y(curve.values[i]);
      points += format("%.2f", px) + "," + format("%.2f ", py);
      if (history.size() <= 100)
        svg += "<circle class='" + curve.style + "' cx='" + format("%.2f", px) + "' cy='" + format("%.2f", py) +
               "' r='2.5'><title>" + escape(curve.name) + ", epoch " + std::to_string(history[i].epoch) + ": " +
               format("%.6g", curve.values[i]) + "</title></circle>\n";
    }
    svg += "<polyline class='" + curve.style + "' points='" + points + "'/>\n";
  }
  return svg + "</svg>\n";
}

std::string drawConfusion(const Confusion &confusion, const std::vector<std::string> &names) {
  auto nameOf = [&](size_t index) { return index < names.size() ? escape(names[index]) : std::to_string(index); };
  std::string table = "<table class='confusion'>\n<tr><th>actual &#8595;, predicted &#8594;";
  for (size_t c = 0; c < confusion.size(); ++c)
    table += "<th>" + nameOf(c);
  table += "<th class='number'>recall</tr>\n";
  for (size_t label = 0; label < confusion.size(); ++label) {
    double total = 0;
    for (size_t c = 0; c < confusion.size(); ++c)
      total += static_cast<double>(confusion.at(label, c));
    table += "<tr><th>" + nameOf(label);
    for (size_t c = 0; c < confusion.size(); ++c) {
      double part = total > 0 ? static_cast<double>(confusion.at(label, c)) / total : 0;
      table += "<td class='" + std::string(c == label ? "right" : "wrong") +
               "' style='--part:" + format("%.0f%%", part > 0 ? 10 + 80 * part : 0) + "'>" +
               std::to_string(confusion.at(label, c));
    }
    table += "<td class='number'>" +
             (total > 0 ? format("%.3f", static_cast<double>(confusion.at(label, label)) / total) : "") + "</tr>\n";
  }
  return table + "</table>\n";
}

const char *const style = R"(
:root { color-scheme: light dark; --training: #2f6fc1; --validation: #c2571a }
@media (prefers-color-scheme: dark) { :root { --training: #6ea8f0; --validation: #f0975a } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse } .wide { width: 100% }
th, td { text-align: left; padding: .25rem .6rem; border-bottom: 1px solid #8884 }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums }
tr.best { font-weight: 600 }
.curves { display: grid; grid-template-columns: repeat(auto-fit, minmax(26rem, 1fr)); gap: 1rem }
metric { margin: 0 } figcaption { font-weight: 600 }
svg { width: 100%; height: auto } svg text { font-size: 12px; fill: currentColor; opacity: .75 }
.grid { stroke: #8884 } polyline { fill: none; stroke-width: 2 }
polyline.training { stroke: var(--training) } circle.training { fill: var(--training) }
polyline.validation { stroke: var(--validation) } circle.validation { fill: var(--validation) }
.key { font-weight: 400; margin-left: 1em } .key.training { color: var(--training) }
.key.validation { color: var(--validation) }
.confusion td { text-align: right; font-variant-numeric: tabular-nums }
.right { background: color-mix(in srgb, #2a9d5c var(--part), transparent) }
.wrong { background: color-mix(in srgb, #d33 var(--part), transparent) }
)";

} // namespace

std::string TrainingReport::toHtml() const {
  std::string page = "<!DOCTYPE html>\n<html lang='en'>\n<meta charset='utf-8'>\n<meta name='viewport' "
                     "content='width=device-width'>\n<title>" +
                     escape(model) + ": training</title>\n<style>" + style + "</style>\n<h1>" + escape(model) +
                     "</h1>\n<p>" + std::to_string(history.size()) + " epochs over " + std::to_string(rows) +
                     " rows, " + std::to_string(validationRows) + " rows held out for validation.</p>\n";
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
    page += "<metric>\n<figcaption>" + escape(name);
    for (const Curve &curve : curves)
      page += "<span class='key " + curve.style + "'>&#9632; " + curve.style + "</span>";
    page += "</figcaption>\n" + picture + "</metric>\n";
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
  page += "<h2>Epochs</h2>\n<p>The best by " + escape(monitor) +
          " is set in bold.</p>\n<table class='wide'>\n<tr><th class='number'>epoch";
  for (const std::string &name : names)
    page += "<th class='number'>" + escape(name);
  page += hasRates ? "<th class='number'>learning rate</tr>\n" : "</tr>\n";
  for (size_t i = 0; i < history.size(); ++i) {
    page += std::string(i == best ? "<tr class='best'>" : "<tr>") + "<td class='number'>" +
            std::to_string(history[i].epoch);
    for (const std::string &name : names) {
      std::optional<double> value = history[i].find(name);
      page += "<td class='number'>" + (value ? format("%.5g", *value) : "");
    }
    if (hasRates)
      page += "<td class='number'>" + format("%.3g", history[i].learningRate.value_or(NAN));
    page += "</tr>\n";
  }
  return page + "</table>\n</html>\n";
}

void dlc::training::writeTrainingReport(const std::string &path, const TrainingReport &report) {
  writeWhole(path, report.toHtml());
}
