// SPDX-License-Identifier: Apache-2.0
#include "training/ReportPage.h"

#include <cstdio>
#include <ctime>

using namespace dlc::training;

std::string dlc::training::escapeHtml(const std::string &text) {
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

std::string dlc::training::formatNumber(const char *pattern, double value) {
  char text[64];
  std::snprintf(text, sizeof text, pattern, value);
  return text;
}

std::string dlc::training::describeNow() {
  std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[64];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &parts);
  return text;
}

namespace {

const char *const style = R"(
:root { color-scheme: light dark; --training: #2f6fc1; --validation: #c2571a }
@media (prefers-color-scheme: dark) { :root { --training: #6ea8f0; --validation: #f0975a } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem }
h1 { overflow-wrap: anywhere }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .15rem 1.25rem }
dt { opacity: .75 } dd { margin: 0; overflow-wrap: anywhere }
.scrolls { overflow: auto; max-width: 100% } .long { max-height: 32rem }
.long th { position: sticky; top: 0; background: Canvas }
table { border-collapse: collapse }
th { vertical-align: bottom }
th, td { text-align: left; padding: .25rem .6rem; border-bottom: 1px solid #8884; white-space: nowrap }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums }
tr.best { font-weight: 600 }
.curves { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(26rem, 100%), 1fr)); gap: 1rem }
figure { margin: 0 } figcaption { font-weight: 600 }
svg { width: 100%; height: auto } svg text { font-size: 12px; fill: currentColor; opacity: .75 }
.grid { stroke: #8884 } polyline { fill: none; stroke-width: 2 }
polyline.training { stroke: var(--training) } circle.training { fill: var(--training) }
polyline.validation { stroke: var(--validation) } circle.validation { fill: var(--validation) }
.key { font-weight: 400; margin-left: 1em } .key.training { color: var(--training) }
.key.validation { color: var(--validation) }
.confusion td { text-align: right; font-variant-numeric: tabular-nums }
.right { background: color-mix(in srgb, #2a9d5c var(--part), transparent) }
.wrong { background: color-mix(in srgb, #d33 var(--part), transparent) }
@media (max-width: 40rem) {
  dl { display: block } dd { margin-bottom: .5rem } body { margin: 1rem auto } svg text { font-size: 18px }
}
)";

} // namespace

std::string dlc::training::writePage(const std::string &title, const Facts &facts, const std::string &content) {
  std::string page = "<!DOCTYPE html>\n<html lang='en'>\n<meta charset='utf-8'>\n<meta name='viewport' "
                     "content='width=device-width, initial-scale=1'>\n<title>" +
                     escapeHtml(title) + "</title>\n<style>" + style + "</style>\n<h1>" + escapeHtml(title) +
                     "</h1>\n<dl>\n";
  for (const auto &[term, description] : facts)
    if (!description.empty())
      page += "<dt>" + escapeHtml(term) + "</dt><dd>" + escapeHtml(description) + "</dd>\n";
  return page + "</dl>\n" + content + "</html>\n";
}

std::string dlc::training::nameOfClass(size_t index, const std::vector<std::string> &names) {
  return index < names.size() ? names[index] : std::to_string(index);
}

std::string dlc::training::drawConfusion(const Confusion &confusion, const std::vector<std::string> &classNames) {
  auto nameOf = [&](size_t index) { return escapeHtml(nameOfClass(index, classNames)); };
  std::string table = "<div class='scrolls'>\n<table class='confusion'>\n<tr><th>actual &#8595;, predicted &#8594;";
  for (size_t c = 0; c < confusion.size(); ++c)
    table += "<th class='number'>" + nameOf(c);
  table += "</tr>\n";
  for (size_t label = 0; label < confusion.size(); ++label) {
    size_t total = confusion.metricsOf(label).labelled;
    table += "<tr><th>" + nameOf(label);
    for (size_t c = 0; c < confusion.size(); ++c) {
      double part = total ? static_cast<double>(confusion.at(label, c)) / static_cast<double>(total) : 0;
      table += "<td class='" + std::string(c == label ? "right" : "wrong") +
               "' style='--part:" + formatNumber("%.0f%%", part > 0 ? 10 + 80 * part : 0) + "'>" +
               std::to_string(confusion.at(label, c));
    }
    table += "</tr>\n";
  }
  table +=
      "</table>\n</div>\n<h2>Classes</h2>\n<div class='scrolls'>\n<table>\n<tr><th>class<th class='number'>precision"
      "<th class='number'>recall<th class='number'>F1<th class='number'>rows</tr>\n";
  for (size_t label = 0; label < confusion.size(); ++label) {
    Confusion::ClassMetrics metrics = confusion.metricsOf(label);
    table += "<tr><td>" + nameOf(label);
    for (double value : {metrics.precision, metrics.recall, metrics.f1})
      table += "<td class='number'>" + formatNumber("%.3f", value);
    table += "<td class='number'>" + std::to_string(metrics.labelled) + "</tr>\n";
  }
  return table + "</table>\n</div>\n";
}
