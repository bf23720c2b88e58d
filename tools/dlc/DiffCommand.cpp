// SPDX-License-Identifier: Apache-2.0
#include "tools/dlc/DiffCommand.h"
#include "data/Failure.h"
#include "tools/dlc/LibraryDiff.h"
#include "llvm/Support/raw_ostream.h"
#include <CLI/CLI.hpp>
#include <fstream>
#include <set>

using namespace dlc;

static DiffSide readSide(const std::string &library, const std::vector<std::string> &profiles, size_t index) {
  DiffSide side{profile::LibraryContents::read(library), std::nullopt};
  if (index >= profiles.size())
    return side;
  side.measured = profile::MeasuredTimes::read(profiles[index]);
  std::set<std::pair<std::string, std::string>> names;
  for (const profile::LaunchContents &launch : side.contents.launches)
    names.insert({launch.layer, launch.kernel});
  size_t known = 0;
  for (const auto &[key, times] : side.measured->launches)
    known += names.count({std::get<1>(key), std::get<2>(key)});
  // One of another model may share a few names.
  if (2 * known < side.measured->launches.size())
    throw data::Failure("'" + profiles[index] + "' is a profile of '" + side.measured->model + "', which shares " +
                        std::to_string(known) + " of its " + std::to_string(side.measured->launches.size()) +
                        " launches with '" + library + "'");
  return side;
}

int dlc::runDiff(int argc, char **argv) {
  std::vector<std::string> libraries, profiles;
  std::string page;
  CLI::App app("Tells what two libraries differ in: launches, schedules, sizes, times.\n\n  dlc diff A.so B.so\n",
               "dlc diff");
  app.add_option("LIBRARIES", libraries, "Two libraries that dlc has made")->required()->expected(2);
  app.add_option("--profile", profiles,
                 "What dlc-run profile --json has printed for the first library; given again, for the second")
      ->type_name("FILE.json")
      ->allow_extra_args(false)
      ->take_all();
  app.add_option("--html", page, "Write the comparison as a page, too")->type_name("FILE.html");
  try {
    app.parse(argc, argv);
    if (profiles.size() > 2)
      throw data::Failure("--profile is given " + std::to_string(profiles.size()) + " times for two libraries");
    DiffSide before = readSide(libraries[0], profiles, 0), after = readSide(libraries[1], profiles, 1);
    LibraryDiff diff = LibraryDiff::compare(before, after);
    llvm::outs() << diff.toText();
    if (!page.empty()) {
      std::ofstream file(page, std::ios::binary);
      file << diff.toHtml();
      if (!file.flush())
        throw data::Failure("cannot write '" + page + "'");
    }
    return 0;
  } catch (const CLI::CallForHelp &) {
    llvm::outs() << app.help();
    return 0;
  } catch (const std::exception &error) {
    llvm::errs() << "dlc diff: error: " << error.what() << '\n';
    return 1;
  }
}
