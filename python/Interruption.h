// SPDX-License-Identifier: Apache-2.0
/// \file
/// Ctrl-C in runs. Python's own handler only takes a note, which the interpreter reads when the run is over.
#ifndef DLC_PYTHON_INTERRUPTION_H
#define DLC_PYTHON_INTERRUPTION_H

#include "dlc/runtime.h"

namespace dlc::python {

/// While it exists, SIGINT cancels `context`, and Python's handler is called as well. Does nothing on threads other
/// than the main one, where alone Python raises KeyboardInterrupt, or if SIGINT is ignored or ends the process. Another
/// one may be made meanwhile, as callbacks of a training run do that run models: then the newest counts.
class Interruption {
public:
  explicit Interruption(dlc_context *context);
  ~Interruption() { end(); }
  Interruption(const Interruption &) = delete;

  /// Gives SIGINT back, and waits for handlers. Whether it has come: from then on the context is cancelled by nobody.
  bool end();
  /// Whether the signal has come so far.
  bool hasCome() const;

private:
  bool isInstalled = false;
  dlc_context *outer = nullptr; ///< of the one that was made before and still exists; null: there is none
};

} // namespace dlc::python

#endif // DLC_PYTHON_INTERRUPTION_H
