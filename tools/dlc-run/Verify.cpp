// SPDX-License-Identifier: Apache-2.0
// dlc-run verify A.so --reference (B.so | FOLDER), dlc-run verify MODEL.{onnx,json}
#include "data/NpyFile.h"
#include "tools/dlc-run/Commands.h"
#include "tools/dlc-run/CompileForVerify.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <random>

using namespace dlc::data;
using namespace dlcrun;

namespace {

/// How far a tensor is from its reference.
struct Difference {
  double largest = 0;         // absolute; infinite if only one side is NaN or infinite
  double share = 0;           // of the reference's largest finite magnitude
  size_t index = 0;           // of the largest, row-major
  double value = 0, want = 0; // there
};

Difference compare(const Array &got, const Array &wanted) {
  Difference difference;
  double range = 0;
  for (size_t i = 0; i < got.count(); ++i) {
    double value = got.at(i), want = wanted.at(i);
    if (std::isfinite(want))
      range = std::max(range, std::fabs(want));
    double distance = std::fabs(value - want);
    if (value == want || (std::isnan(value) && std::isnan(want)))
      distance = 0;
    else if (std::isnan(distance))
      distance = INFINITY;
    if (distance > difference.largest) {
      difference.largest = distance;
      difference.index = i;
      difference.value = value;
      difference.want = want;
    }
  }
  difference.share = difference.largest == 0 ? 0 : range == 0 ? INFINITY : difference.largest / range;
  return difference;
}

/// "[0, 3, 5]" of a row-major index.
std::string describeIndex(size_t index, const std::vector<dlc_int64> &shape) {
  std::vector<dlc_int64> position(shape.size());
  for (size_t d = shape.size(); d-- > 0;) {
    position[d] = static_cast<dlc_int64>(index % static_cast<size_t>(shape[d]));
    index /= static_cast<size_t>(shape[d]);
  }
  return describeShape(position);
}

void runRepeatedly(Session &session, const Options &options) {
  for (unsigned i = 0; i < options.runs; ++i)
    session.run();
}

/// Where the reference values come from.
class Reference {
public:
  explicit Reference(const std::string &path) : path(path), isFolder(std::filesystem::is_directory(path)) {}

  void prepare(const Session &subject, const Options &options) {
    if (isFolder && options.sensitivity)
      throw Failure("--sensitivity needs a library as the reference: a folder cannot be run");
    if (isFolder)
      return;
    session.emplace(path, options.entry);
    start(*session, subject, options);
    finish(*session, options);
    std::mt19937 generator(2);
    for (unsigned number = 0; number < options.sensitivity; ++number) {
      Session perturbed(path, options.entry);
      start(perturbed, subject, options);
      perturbed.perturb(generator);
      finish(perturbed, options);
      sensitivities.resize(perturbed.outputs.size());
      for (size_t i = 0; i < sensitivities.size(); ++i)
        sensitivities[i] = std::max(sensitivities[i], perturbed.outputs[i].shape() == session->outputs[i].shape()
                                                          ? compare(perturbed.outputs[i], session->outputs[i]).share
                                                          : INFINITY);
    }
  }

  /// The reference for the tensor called `name`, or nothing.
  std::optional<Array> find(const std::string &name, dlc_uint32 elementType) {
    if (!isFolder) {
      dlc_int32 i = dlc_find_tensor(session->entry().outputs, session->entry().output_count, name.c_str());
      if (i < 0)
        return std::nullopt;
      return std::move(session->outputs[static_cast<size_t>(i)]);
    }
    // ONNX names hold slashes, which file names cannot.
    std::string flat = name;
    std::replace(flat.begin(), flat.end(), '/', '_');
    for (const std::string &candidate : {name, flat}) {
      std::filesystem::path file = std::filesystem::path(path) / (candidate + ".npy");
      if (std::filesystem::is_regular_file(file))
        return readNpy(file.string(), elementType);
    }
    return std::nullopt;
  }

  /// How far the tensor called `name` moves when the reference is perturbed, as a share of its range.
  double getSensitivity(const std::string &name) const {
    if (sensitivities.empty())
      return 0;
    dlc_int32 i = dlc_find_tensor(session->entry().outputs, session->entry().output_count, name.c_str());
    return i < 0 ? 0 : sensitivities[static_cast<size_t>(i)];
  }

private:
  /// Gives `session` the inputs of `subject`.
  static void start(Session &session, const Session &subject, const Options &options) {
    session.start(options.threads, options.referenceDevice);
    session.giveVariables(options.variables, 0);
    const dlc_entry_point &entry = session.entry();
    if (entry.input_count != subject.entry().input_count)
      throw Failure("the two libraries take different numbers of inputs");
    for (dlc_uint32 i = 0; i < entry.input_count; ++i) {
      dlc_int32 same = dlc_find_tensor(subject.entry().inputs, entry.input_count, entry.inputs[i].name);
      if (same < 0)
        throw Failure("the reference has an input '" + std::string(entry.inputs[i].name) + "' that '" +
                      options.library + "' lacks");
      const Array &from = subject.inputs[static_cast<size_t>(same)];
      Array copy(from.elementType(), from.shape());
      std::copy(from.data(), from.data() + from.bytes(), copy.data());
      session.takeInput(i, std::move(copy));
    }
  }

  static void finish(Session &session, const Options &options) {
    session.makeOutputs();
    runRepeatedly(session, options);
    session.shrinkOutputs();
  }

  std::string path;
  bool isFolder;
  std::optional<Session> session;
  std::vector<double> sensitivities; ///< of the outputs
};

/// Observed tensors in program order, then the model's own outputs.
std::vector<dlc_uint32> programOrder(const dlc_entry_point &entry) {
  std::vector<dlc_uint32> order;
  for (bool isKept : {true, false})
    for (dlc_uint32 i = 0; i < entry.output_count; ++i)
      if (((entry.outputs[i].flags & DLC_TENSOR_KEPT) != 0) == isKept)
        order.push_back(i);
  return order;
}

int compareAll(const Options &options, const std::string &libraryPath, const std::string &referencePath) {
  if (!std::filesystem::exists(referencePath))
    throw Failure("there is no reference '" + referencePath + "'");
  Session subject(libraryPath, options.entry);
  prepareRuns(subject, options);
  runRepeatedly(subject, options);
  subject.shrinkOutputs();
  Reference reference(referencePath);
  reference.prepare(subject, options);

  const dlc_entry_point &entry = subject.entry();
  size_t nameWidth = 6;
  for (dlc_uint32 i = 0; i < entry.output_count; ++i)
    nameWidth = std::min<size_t>(48, std::max(nameWidth, std::string(entry.outputs[i].name).size()));
  std::printf("%-*s  %-20s  %13s  %14s%s\n", static_cast<int>(nameWidth), "tensor", "shape", "max abs diff",
              "share of range", options.sensitivity ? "  sensitivity" : "");
  unsigned compared = 0, differing = 0, sensitive = 0;
  std::string first;
  for (dlc_uint32 i : programOrder(entry)) {
    const Array &got = subject.outputs[i];
    std::string name = entry.outputs[i].name;
    std::optional<Array> wanted = reference.find(name, got.elementType());
    if (!wanted)
      continue;
    ++compared;
    std::string shape = describeShape(got.shape());
    if (wanted->shape() != got.shape()) {
      std::printf("%-*s  %-20s  the reference is %s\n", static_cast<int>(nameWidth), name.c_str(), shape.c_str(),
                  wanted->describe().c_str());
      if (!differing++)
        first = "'" + name + "' is " + got.describe() + ", and the reference " + wanted->describe();
      continue;
    }
    Difference difference = compare(got, *wanted);
    double sensitivity = reference.getSensitivity(name);
    bool isWrong = !(difference.share <= options.tolerance), isRounding = difference.share <= 4 * sensitivity;
    std::printf("%-*s  %-20s  %13.3g  %14.3g", static_cast<int>(nameWidth), name.c_str(), shape.c_str(),
                difference.largest, difference.share);
    if (options.sensitivity)
      std::printf("  %11.3g", sensitivity);
    std::puts(!isWrong ? "" : isRounding ? "  (rounding)" : "  <-- differs");
    if (isWrong && isRounding) {
      ++sensitive;
      isWrong = false;
    }
    if (isWrong && !differing++) {
      char text[256];
      std::snprintf(text, sizeof text, " by %.3g (%.3g of its range): %.9g instead of %.9g", difference.largest,
                    difference.share, difference.value, difference.want);
      first = "'" + name + "' differs at " + describeIndex(difference.index, got.shape()) + text;
    }
  }
  if (!compared)
    throw Failure("the reference has none of the library's outputs: compile both with --keep-tensors");
  if (unsigned skipped = entry.output_count - compared)
    std::printf("%u tensors without a reference were skipped\n", skipped);
  if (sensitive)
    std::printf("%u of %u tensors differ by no more than rounding can change them\n", sensitive, compared);
  if (!differing) {
    std::printf("all %u %stensors agree to %g of their range\n", compared - sensitive, sensitive ? "other " : "",
                options.tolerance);
    return 0;
  }
  std::printf("%u of %u tensors differ by more than %g of their range; the first: %s\n", differing, compared,
              options.tolerance, first.c_str());
  return 1;
}

} // namespace

int dlcrun::verify(const Options &options) {
  if (isModelFile(options.library)) {
    CompiledPair pair(options.library, options.compilerOptions);
    return compareAll(options, pair.optimized(), options.reference.empty() ? pair.reference() : options.reference);
  }
  if (options.reference.empty())
    throw Failure(
        "verify needs --reference LIBRARY.so or --reference FOLDER (only a model file is compiled again instead)");
  return compareAll(options, options.library, options.reference);
}
