// SPDX-License-Identifier: Apache-2.0
#include "tools/dlc-run/Arguments.h"

#include "data/Suggestion.h"
#include "tools/dlc-run/Session.h"

#include <algorithm>
#include <filesystem>

using namespace dlc::data;
using namespace dlcrun;

/// Fails at an option that `app` does not have. Checked first: what a misspelt option was to give is missing,
/// too, and that would be the first complaint.
static void checkNames(const CLI::App &app, int argc, char **argv, const std::map<std::string, std::string> &hints) {
  std::vector<std::string> names;
  for (const CLI::Option *option : app.get_options())
    for (const std::string &name : option->get_lnames())
      names.push_back("--" + name);
  for (int i = 1; i < argc; ++i) {
    std::string given = argv[i];
    if (given == "--")
      return;
    given = given.substr(0, given.find('='));
    if (!given.compare(0, 2, "--") && std::find(names.begin(), names.end(), given) == names.end())
      throw Failure("there is no option '" + given + "'" +
                    (hints.count(given) ? hints.at(given) : suggestion(given, names)));
  }
}

/// Lets --help show the defaults of options. Those without a value have none, or it is obvious.
static void showDefaults(CLI::App &app) {
  for (CLI::Option *option : app.get_options()) {
    option->capture_default_str();
    // How an empty list is written.
    if (option->get_default_str() == "[]" || option->get_default_str() == "{}")
      option->default_str("");
  }
}

CLI::Validator dlcrun::expectLibrary(const std::string &compilerOptions) {
  auto check = [compilerOptions](std::string &path) {
    std::filesystem::path ending = std::filesystem::path(path).extension();
    if (ending != ".json" && ending != ".onnx" && ending != ".mlir")
      return std::string();
    std::string library = std::filesystem::path(path).filename().replace_extension(".so").string();
    return "'" + path + "' is a model: compile it first, by dlc " + path + compilerOptions + " -o " + library;
  };
  return CLI::Validator(check, "");
}

std::optional<int> dlcrun::parseArguments(CLI::App &app, int argc, char **argv,
                                          const std::map<std::string, std::string> &hints) {
  checkNames(app, argc, argv, hints);
  showDefaults(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ExtrasError &) {
    std::vector<std::string> extras = app.remaining();
    throw Failure("what is '" + extras.front() +
                  "'? One library is expected, and before each value of an option the option's name");
  } catch (const CLI::RequiredError &error) {
    throw Failure(std::string(error.what()) + ": see " + app.get_name() + " --help");
  } catch (const CLI::ParseError &error) {
    if (!error.get_exit_code())
      return app.exit(error);
    throw Failure(error.what());
  }
  return std::nullopt;
}
