// SPDX-License-Identifier: Apache-2.0
/// \file
/// The variables of a trainable model, as a Python object.
#ifndef DLC_PYTHON_STATE_H
#define DLC_PYTHON_STATE_H

#include "dlc/runtime.hpp"
#include <map>
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

namespace dlc::python {

/// A block of variables with the library that describes it. Copies share both.
class State {
public:
  explicit State(dlc::Library opened) : library(std::move(opened)), variables(library.model()) {}

  const dlc::Variables &block() const { return variables; }
  std::vector<std::string> names() const;

  /// The variable called `name` as a NumPy array that shares its memory and keeps the block alive. Where runs keep the
  /// variables on a GPU, a copy of it, which cannot be written.
  nanobind::object view(const std::string &name) const;
  /// Overwrites a variable with an array, or what converts to one; element type and shape are checked.
  void write(const std::string &name, nanobind::handle value) const;

  /// Recomputes what an inference library derives from weights, after some were changed in place.
  void prepareWeights() { variables.prepareWeights(); }
  void save(const std::string &path, const std::map<std::string, std::string> &metadata) const;
  void load(const std::string &path, bool isPartial, bool isWeightsOnly, const std::string &prefix);

private:
  nanobind::object viewInPlace(const dlc_variable_info &info, const std::vector<size_t> &shape) const;

  dlc::Library library; // outlives what describes it
  dlc::Variables variables;
};

} // namespace dlc::python

#endif // DLC_PYTHON_STATE_H
