// SPDX-License-Identifier: Apache-2.0
/// \file
/// A profile of a model's runs as a Python object.
#ifndef DLC_PYTHON_PROFILE_H
#define DLC_PYTHON_PROFILE_H

#include "profile/Summary.h"
#include "profile/Trace.h"
#include "python/Model.h"
#include <memory>

namespace dlc::python {

/// Profiles the runs of a model from its start to its end, and then says where their time went.
class Profile {
public:
  /// `model` must outlive it. `keepsEvents`: for a trace.
  Profile(Model &model, bool keepsEvents) : model(model), keepsEvents(keepsEvents) {}
  ~Profile() {
    if (isRecording)
      model.stopProfile();
  }
  Profile(const Profile &) = delete;

  /// Starts; what was counted before is forgotten.
  void start();
  /// Ends the recording. Nothing if there is none.
  void stop();
  /// What has been counted so far.
  const dlc::profile::Summary &summarize();
  void writeTrace(const std::string &path);

private:
  Model &model;
  bool keepsEvents;
  bool isRecording = false;
  std::unique_ptr<dlc::profile::Trace> trace;
  dlc::profile::Summary summary;
};

} // namespace dlc::python

#endif // DLC_PYTHON_PROFILE_H
