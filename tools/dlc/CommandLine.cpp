// SPDX-License-Identifier: Apache-2.0
#include "tools/dlc/CommandLine.h"
#include "backends/Target.h"
#include "backends/halide/KernelCompiler.h"
#include "ir/Suggestion.h"
#include "tools/driver/Compilation.h"
#include "tools/driver/CompilerVersion.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/raw_ostream.h"
#include <CLI/CLI.hpp>

using namespace dlc;

/// Which option of `app` was meant by `text` (which starts with a dash), for the end of a message; empty if none is
/// near.
static std::string suggestOption(const CLI::App &app, llvm::StringRef text) {
  std::vector<std::string> names;
  for (const CLI::Option *option : app.get_options())
    for (const std::string &name : option->get_lnames())
      names.push_back("--" + name);
  llvm::SmallVector<llvm::StringRef> known(names.begin(), names.end());
  return suggest(text.take_until([](char c) { return c == '='; }), known);
}

static std::string join(llvm::ArrayRef<llvm::StringRef> names) {
  std::string text;
  for (llvm::StringRef name : names)
    text += (text.empty() ? "" : ", ") + name.str();
  return text;
}

std::optional<CommandLine> dlc::parseCommandLine(int argc, char **argv, int &exitStatus) {
  CommandLine line;
  CompileOptions &options = line.compile;
  bool noCache = false, showVersion = false;
  std::string math = "default", weights = "embed", level = "3";
  options.cacheDirectory = halide::getDefaultCacheDirectory();

  CLI::App app(
      "Compiles a deep-learning model to a native library.\n\n  dlc model.onnx -o model.so\n\nOther commands, each "
      "with --help:\n  dlc diff   tells what two libraries differ in\n  dlc opt    is dlc-opt: runs passes on textual "
      "IR\n"
      "  dlc reduce finds the smallest model that still fails\n"
      "  dlc tune   is dlc-tune: finds faster schedules by measuring\n",
      "dlc");
  app.set_help_flag("-h,--help", "Print this and exit")->group("Other");
  app.add_option("MODEL", options.model,
                 "The model: a .json or .onnx file, or a module that --compile-to printed (.mlir)");

  const char *output = "Output";
  app.add_option(
         "-o,--output", options.output,
         "What to write, by its extension: a shared library (.so), archive (.a) or object (.o), the C header (.h; "
         "comes with .a "
         "and .o, too), LLVM IR (.ll), assembly (.s), the program in MLIR (.mlir) or the graph as a model file "
         "(.onnx). '-.ll' and the like are "
         "standard output")
      ->type_name("FILE")
      ->group(output);
  app.add_option("--parameters", options.parameters,
                 "Take the weights from a checkpoint (safetensors), by their names, instead of the model's own")
      ->type_name("FILE")
      ->group(output);
  app.add_option("--entry", options.entry,
                 "The entry point that an .onnx file contains; by default 'run', 'predict' or the only one")
      ->type_name("NAME")
      ->group(output);
  app.add_option("--name", options.name,
                 "The model's name in C (dlc_model_NAME, NAME.h); the output's file name by default")
      ->type_name("NAME")
      ->group(output);
  app.add_flag("--header", options.writeHeader, "Write NAME.h beside a shared library, too")->group(output);
  app.add_option("--weights", weights,
                 "'embed' the weights in the library, or keep them in a 'file' NAME.weights beside it")
      ->type_name("WHERE")
      ->check(CLI::IsMember({"embed", "file"}))
      ->capture_default_str()
      ->group(output);

  app.add_option("--op", options.ops,
                 "Compute the model's custom op NAME by the C function SYMBOL (dlc/custom_op.h); may be repeated")
      ->type_name("NAME=SYMBOL")
      ->allow_extra_args(false)
      ->take_all()
      ->group(output);
  app.add_option("--link", options.links,
                 "An object file or static archive that has such functions, or what they call; may be repeated")
      ->type_name("FILE")
      ->allow_extra_args(false)
      ->take_all()
      ->group(output);
  app.add_option("--op-descriptions", options.opDescriptions,
                 "A JSON file that describes custom ops, for models that do not do so themselves")
      ->type_name("FILE.json")
      ->group(output);
  app.add_flag("--replaceable-weights", options.replaceableWeights,
               "Keep weights as variables in a block owned by the caller, into which trained ones can be loaded")
      ->group(output);

  const char *code = "Code";
  app.add_option("--target", options.target,
                 "The machine to compile for: " + join(Target::getNames()) +
                     ". native is the best of them for this machine; x86-64 contains v2, v3 and v4 and selects one "
                     "when it is loaded; x86-64,cuda is a library for both, which runs on a GPU where there is one")
      ->type_name("TARGET")
      ->capture_default_str()
      ->group(code);
  app.add_option(
         "--machine", options.machine,
         "The processor by whose rates times are predicted and work is split between threads: native, a name of "
         "--list-targets, or a file that dlc-run roof --file has written")
      ->type_name("NAME|FILE")
      ->group(code);
  app.add_option("-O", level, "Optimization level: 0 (each op is a plain kernel of its own) to 3")
      ->type_name("LEVEL")
      ->check(CLI::IsMember({"0", "1", "2", "3"}))
      ->capture_default_str()
      ->group(code);
  app.add_option(
         "--math", math,
         "What algebraic changes are allowed: 'strict' (IEEE, direct algorithms), 'default' (any order of sums, "
         "Winograd; NaN and "
         "infinity stay right), 'fast' (any that pay off)")
      ->type_name("MODE")
      ->check(CLI::IsMember({"strict", "default", "fast"}))
      ->capture_default_str()
      ->group(code);
  app.add_option("--precision", options.precision,
                 "Element type of the computation: f32 (bf16 and int8 are not supported yet)")
      ->type_name("TYPE")
      ->check(CLI::IsMember({"f32", "bf16", "int8"}))
      ->capture_default_str()
      ->group(code);
  app.add_option("--records", options.records,
                 "Take schedules from a file that dlc-tune has written; may be repeated, and later files count more")
      ->type_name("FILE.json")
      ->allow_extra_args(false)
      ->take_all()
      ->group(code);
  app.add_option("--shape", options.shapes, "Fix the extents of an input: --shape x=1x3x224x224; may be repeated")
      ->type_name("INPUT=EXTENTS")
      ->allow_extra_args(false)
      ->take_all()
      ->group(code);
  app.add_option("--memory-limit", options.memoryLimit,
                 "The most memory that variables and intermediate tensors of a run may take (500MB, 2GB): tensors are "
                 "recomputed instead of kept until the limit is met")
      ->type_name("SIZE")
      ->transform(CLI::AsSizeValue(true))
      ->check(CLI::PositiveNumber)
      ->group(code);
  std::string train;
  app.add_flag(
         "--train", train,
         "Add the entry points that train the model, as its 'training' section says, or the one in FILE for a model "
         "that has none (--train=FILE.json): init, train_step, evaluate, gradients, apply_gradients")
      ->group(code);
  app.add_flag("--check-bounds", options.checkBounds,
               "Kernels check all accesses and fail on accesses outside their buffers")
      ->group(code);
  app.add_option("--sanitize", options.sanitize,
                 "Instrument the runtime in the library for programs that are compiled with -fsanitize=thread")
      ->type_name("SANITIZER")
      ->check(CLI::IsMember({"thread"}))
      ->group(code);
  app.add_flag("--keep-tensors", options.keepTensors, "Make every layer's result an output (for dlc-run verify)")
      ->group(code);

  const char *inspect = "Looking inside";
  app.add_option("--compile-to", options.compileTo, "Stop after a phase and print the module: " + join(getPhaseNames()))
      ->type_name("PHASE")
      ->group(inspect);
  app.add_flag(
         "--brief", options.brief,
         "Print the module as on a terminal: without the bytes of large constants and without locations. Such output "
         "cannot be compiled")
      ->group(inspect);
  app.add_option("--print-ir-before", options.printIrBefore, "Print the module to standard error before a pass")
      ->type_name("PASS")
      ->group(inspect);
  app.add_option("--print-ir-after", options.printIrAfter,
                 "Print the module to standard error after a pass, such as dlc-fuse-elementwise")
      ->type_name("PASS")
      ->group(inspect);
  app.add_flag("--print-ir-before-all", options.printIrBeforeAll, "Print the module before every pass")->group(inspect);
  app.add_flag("--print-ir-after-all", options.printIrAfterAll, "Print the module after every pass")->group(inspect);
  app.add_flag("--verify-each", options.verifyEach, "Verify the module after every pass, not only after some phases")
      ->group(inspect);
  app.add_option("--crash-reproducer", options.crashReproducer,
                 "If a pass fails or crashes, write the module before it and its name, for dlc-opt --run-reproducer")
      ->type_name("FILE.mlir")
      ->group(inspect);
  app.add_flag("--list-layers", options.listLayers,
               "Print the layers of the model and exit: name, op, extents, parameters, operations, separated by tabs")
      ->group(inspect);
  app.add_option("--report", options.report,
                 "Write a page about the compilation: kernels and their times, the graph, memory, sizes")
      ->type_name("FILE.html")
      ->group(inspect);
  app.add_option("--profile", options.profile,
                 "Show in --report what was measured of this model: what dlc-run profile --json has printed")
      ->type_name("FILE.json")
      ->group(inspect);
  app.add_flag("--time", options.showTimes, "Print the time of each phase")->group(inspect);

  const char *other = "Other";
  app.add_option("-j,--jobs", options.jobs, "Kernels to compile at the same time; all CPUs by default")
      ->type_name("N")
      ->check(CLI::Range(1u, 1024u))
      ->group(other);
  app.add_option("--cache-dir", options.cacheDirectory,
                 "Where compiled kernels are kept; $XDG_CACHE_HOME/dlc by default")
      ->type_name("FOLDER")
      ->group(other);
  app.add_flag("--no-cache", noCache, "Neither read nor write the cache of compiled kernels")->group(other);
  app.add_flag("--list-targets", line.listTargets, "Print the machines that --target accepts and exit")->group(other);
  app.add_flag("--emit-json-schema", line.emitJsonSchema, "Print the JSON Schema of JSON models and exit")
      ->group(other);
  app.add_flag("--version", showVersion, "Print the versions of dlc, LLVM and Halide and exit")->group(other);
  app.allow_extras();

  auto fail = [&](const std::string &message) {
    llvm::errs() << "dlc: error: " << message << '\n';
    exitStatus = 1;
    return std::nullopt;
  };
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp &) {
    llvm::outs() << app.help();
    exitStatus = 0;
    return std::nullopt;
  } catch (const CLI::ParseError &error) {
    return fail(error.what());
  }
  for (const std::string &extra : app.remaining()) {
    if (!llvm::StringRef(extra).starts_with("-"))
      return fail("one model at a time: '" + options.model + "' and '" + extra + "'" +
                  (train == "true" && llvm::StringRef(extra).ends_with(".json")
                       ? "; did you mean '--train=" + extra + "'?"
                       : suggest(options.model, {"diff", "opt", "reduce", "tune"})));
    std::string suggestion = suggestOption(app, extra);
    return fail("unknown option '" + extra + "'" + (suggestion.empty() ? "; see dlc --help" : suggestion));
  }
  if (showVersion) {
    llvm::outs() << getVersionText() << '\n';
    exitStatus = 0;
    return std::nullopt;
  }
  if (line.emitJsonSchema || line.listTargets)
    return line;
  if (options.model.empty())
    return fail("which model? usage: dlc MODEL.{json,onnx} -o OUTPUT.so; see dlc --help");
  if (options.output.empty() && options.compileTo.empty() && !options.listLayers)
    return fail("say what to write: -o FILE.so (or .a, .o, .h, .ll, .s, .mlir, .onnx)");
  if (options.listLayers)
    options.compileTo = "import";
  if (noCache)
    options.cacheDirectory.clear();
  options.train = app.count("--train") != 0;
  // The parser takes an empty value of a flag for none: --train=$FILE where FILE is not set.
  if (llvm::is_contained(llvm::ArrayRef(argv, static_cast<size_t>(argc)), llvm::StringRef("--train=")))
    return fail(
        "--train= names no file: --train=FILE.json takes the section 'training' of FILE.json, --train that of the "
        "model");
  if (train != "true")
    options.training = train;
  options.optimizationLevel = level[0] - '0';
  options.isLevelGiven = app.count("-O") != 0;
  options.math = *parseMathMode(math);
  options.isMathGiven = app.count("--math") != 0;
  options.weights = weights == "file" ? WeightsPlacement::File : WeightsPlacement::Embed;
  return line;
}
