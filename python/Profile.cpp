// SPDX-License-Identifier: Apache-2.0
#include "python/Profile.h"

namespace dlc::python {

void Profile::start() {
  stop();
  trace.reset();
  if (keepsEvents)
    trace = std::make_unique<dlc::profile::Trace>();
  dlc_profile *profile = model.startProfile();
  if (trace)
    trace->attach(*profile);
  isRecording = true;
}

void Profile::stop() {
  if (!isRecording)
    return;
  summarize();
  model.stopProfile();
  isRecording = false;
}

const dlc::profile::Summary &Profile::summarize() {
  if (isRecording)
    model.readProfile([&](const dlc_profile &profile) {
      std::string path = dlc::profile::roofPath();
      summary = dlc::profile::Summary::gather(profile, dlc::profile::readRoof(path));
    });
  return summary;
}

void Profile::writeTrace(const std::string &path) {
  summarize();
  if (!trace)
    throw dlc::Error(DLC_ERROR_ARGUMENT, "no events were kept: start the profile by model.profile(trace=True)");
  trace->write(path);
}

} // namespace dlc::python
