// SPDX-License-Identifier: Apache-2.0
/// \file
/// Training runs on arrays of a Python program.
#ifndef DLC_PYTHON_TRAINING_H
#define DLC_PYTHON_TRAINING_H

#include <nanobind/nanobind.h>
#include <string>

namespace dlc::python {

/// Runs dlc::training::Trainer on the library at `path`. `options` are those of training/TrainOptions.h by name; each
/// item of `data` and `validation` is (target or "", whether it is the label, name for messages, contiguous NumPy array
/// or list of class names). `observer` has the methods begin(dict), note(str), step(epoch, epochs, step, steps, loss)
/// and epoch(dict), of which the last two return whether the run has to end, and end(confusion or None). Returns
/// whether the run got to its end. Throws data::Failure, and what the observer raises.
bool train(const std::string &path, const nanobind::dict &options, const nanobind::list &data,
           const nanobind::list &validation, const nanobind::object &observer);

} // namespace dlc::python

#endif // DLC_PYTHON_TRAINING_H
