#include "adapters/agent/applier.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <thread>
#include <unordered_set>

#include <fmt/format.h>

#include "adapters/agent/folder.hpp"
#include "adapters/agent/live.hpp"
#include "adapters/agent/own_tables.hpp"
#include "adapters/agent/part.hpp"
#include "adapters/agent/runtime.hpp"
#include "adapters/agent/steps.hpp"

namespace pic::agent {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t output_in_detail = 2048;  ///< of the programs, added to what a step said

/// Why a change did not come to its end.
struct Failure {
    ApplyState state = ApplyState::refused;
    std::string step;
    std::string detail;
};
using Attempt = std::expected<void, Failure>;

std::unexpected<Failure> fail(ApplyState state, std::string step, std::string detail) {
    return std::unexpected(Failure{state, std::move(step), std::move(detail)});
}

/// A version of the files, on its way to be live.
struct Staged {
    std::uint64_t version = 0;
    std::map<std::string, FileStamp> stamps;
};

Timestamp now() {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    return {std::chrono::duration_cast<std::chrono::milliseconds>(since).count()};
}

/// A folder for this user alone, or one that every user may pass through and only this one look into. Those
/// above it that are ours are opened likewise; the rest is not ours to open.
Result<void> make_folder(const fs::path& folder, bool several_users) {
    constexpr auto pass = fs::perms::group_exec | fs::perms::others_exec;
    std::error_code error;
    if (fs::create_directories(folder, error)) fs::permissions(folder, fs::perms::owner_all, error);
    if (error) return reject("folder", fmt::format("{}: {}", folder.string(), error.message()));
    if (!several_users) return {};
    fs::permissions(folder, pass, fs::perm_options::add, error);
    for (auto above = folder.parent_path(); above != above.root_path(); above = above.parent_path()) {
        const auto name = above.filename().string();
        const bool ours = above == folder.parent_path() || name.starts_with("pic-");
        if (ours) fs::permissions(above, pass, fs::perm_options::add, error);
        if ((fs::status(above, error).permissions() & fs::perms::others_exec) != fs::perms::none) continue;
        return reject(
            "folder",
            fmt::format("{} may be passed through by its owner alone, and the programs of this service run "
                        "as several users; keep its data elsewhere (--state, PIC_STATE)",
                        above.string()));
    }
    return {};
}

std::string_view key_of(std::string_view line) {
    const auto equals = line.find('=');
    if (equals == std::string_view::npos) return {};
    const auto first = line.find_first_not_of(" \t");
    const auto last = line.find_last_not_of(" \t", equals == 0 ? 0 : equals - 1);
    return first >= equals ? std::string_view{} : line.substr(first, last - first + 1);
}

/// The text without the lines that set one of these keys.
std::string without_keys(std::string_view text, const std::unordered_set<std::string_view>& keys) {
    std::string kept;
    kept.reserve(text.size());
    while (!text.empty()) {
        const auto line = text.substr(0, std::min(text.find('\n'), text.size() - 1) + 1);
        if (!keys.contains(key_of(line))) kept += line;
        text.remove_prefix(line.size());
    }
    return kept;
}

/// What a derived value is for this content and these parameters.
std::string derive(const DerivedSpec& spec, const Content& content, const Parameters& parameters) {
    if (spec.count_file.empty()) {
        std::vector<std::string_view> values;
        for (auto at = parameters.lower_bound(spec.prefix); at != parameters.end(); ++at) {
            if (!at->first.starts_with(spec.prefix)) break;
            values.push_back(at->second);
        }
        return fmt::format("{}", fmt::join(values, " "));
    }
    std::size_t count = 0;
    if (const auto file = content.files.find(spec.count_file); file != content.files.end()) {
        file->second.for_each(
            [&](const std::string& key, const HeldFragment&) { count += key.starts_with(spec.prefix); });
    }
    return std::to_string(count);
}

bool is_parameters(const std::string& path) { return path == parameters_path; }

/// Names of what differs: paths, "parameters/<key>" and "derived/<name>".
std::vector<std::string> changed_names(const AdapterSpec& spec, const Content& from, const Content& to) {
    static const HeldTree none;
    std::vector<std::string> names;
    const auto tree = [](const Content& content, const std::string& path) -> const HeldTree& {
        const auto at = content.files.find(path);
        return at == content.files.end() ? none : at->second;
    };
    auto paths = to.files;
    paths.insert(from.files.begin(), from.files.end());
    for (const auto& [path, unused] : paths) {
        const auto& before = tree(from, path);
        const auto& after = tree(to, path);
        if (before.same_as(after) || before.summary() == after.summary()) continue;
        if (!is_parameters(path)) {
            names.push_back(path);
            continue;
        }
        HeldTree::diff(before, after,
                       [&](const std::string& key, const HeldFragment* old, const HeldFragment* fresh) {
                           if (old == nullptr || fresh == nullptr || old->text != fresh->text)
                               names.push_back(path + "/" + key);
                       });
    }
    const auto values_before = parameters_of(from);
    const auto values_after = parameters_of(to);
    for (const auto& d : spec.derived) {
        if (derive(d, from, values_before) != derive(d, to, values_after))
            names.push_back("derived/" + d.name);
    }
    return names;
}

}  // namespace

struct Applier::Impl {
    static inline const std::vector<TableSpec> no_tables;

    explicit Impl(ApplierOptions given)
        : options(std::move(given)),
          folder((options.spec.in_memory ? options.memory : options.data) / "files"),
          journal(options.data / "journal", options.spec.service, options.key),
          runtime(options.spec,
                  {.program_folders = options.program_folders,
                   .private_namespace = options.private_namespace,
                   .needed_paths = {options.data.string(), options.memory.string(), options.state.string()},
                   .log = options.log,
                   .restarted = options.program_restarted}),
          dropped(options.spec.drop_keys.begin(), options.spec.drop_keys.end()),
          tables(options.spec.tables) {}

    ApplierOptions options;
    Folder folder;
    Journal journal;
    Runtime runtime;
    std::unordered_set<std::string_view> dropped;  ///< views into options
    LiveTables tables;
    LiveTables own{no_tables};  ///< see own_tables.hpp
    LiveTables::Rows drift;
    Content good;
    std::map<std::string, FileStamp> stamps;  ///< of the live version
    bool live = false;                        ///< the good content is what the programs run on
    Report last;                              ///< what was said last

    /// For sockets and pid files, whose paths have a limit: short, and gone with the agent.
    [[nodiscard]] std::filesystem::path run_folder() const { return options.memory / "run"; }
    void begin(std::string_view step) const {
        if (options.step) options.step(step);
    }
    Values values(const Content& content, std::uint64_t stage) const;
    /// The bytes of a live file. Refusal: "unknown_parameter".
    Result<std::string> text_of(const std::string& path, const HeldTree& fragments, const Values& with) const;
    Report say(const Position& revision, ApplyState with, std::string step, std::string why, bool healthy);

    Attempt needs();
    std::expected<Staged, Failure> stage(const Content& content);
    /// The steps that concern what differs from the good content, which was validated when it became so.
    Attempt validate(const Content& content, std::uint64_t version, const std::vector<std::string>& changed);
    Attempt swap(const Staged& staged);
    /// `before`: what the programs run on, where that is known.
    Attempt reload(const Content& content, const std::vector<std::string>& changed, const Content* before);
    Attempt reload_step(const StepSpec& step, const Content& content, const Values& with);
    /// Tells the program of a step what differs from `before`; false where it has to be told all.
    bool reload_part(const StepSpec& step, const Content& before, const Content& content, Values with);
    /// The steps that concern what changed; without `changed`, every one.
    Attempt probe(const Content& content, const std::vector<std::string>* changed = nullptr);
    Attempt bring_live(const Content& content, const std::vector<std::string>& changed,
                       const Content* before = nullptr);
    Attempt commit(const Content& content);
    /// `anew`: nothing is taken for being right already.
    Attempt go(const Content& desired, bool anew);
    /// What came of running the good content again. What was said of a newer one that was refused still
    /// holds.
    Report say_of_good(const Attempt& done);
    void go_back(const Staged& before, const std::vector<std::string>& changed, Failure& why);
    Report apply(const Content& desired, bool anew);
    Report disable(const Content& content);
    /// What was said last, for an operation on what is not there.
    [[nodiscard]] Report nothing_to_run() const;
    /// Compares the live files with what was written, into `drift`.
    void look_for_drift();
};

Values Applier::Impl::values(const Content& content, std::uint64_t stage) const {
    Values all = options.overrides;  // insert() keeps what is there: the first to say wins
    const auto given = parameters_of(content);
    all.insert(given.begin(), given.end());
    for (const auto& spec : options.spec.derived) all.emplace(spec.name, derive(spec, content, given));
    all.insert(options.spec.parameters.begin(), options.spec.parameters.end());
    for (const auto& [name, path] : runtime.found()) all[name] = path;
    all["live"] = folder.live().string();
    all["state"] = options.state.string();
    all["run"] = run_folder().string();
    all.emplace("user", user_name());
    all["stage"] = folder.version(stage).string();
    return all;
}

Result<std::string> Applier::Impl::text_of(const std::string& path, const HeldTree& fragments,
                                           const Values& with) const {
    const auto listed = [&](const std::vector<std::string>& in) {
        return std::ranges::find(in, path) != in.end();
    };
    auto text = assemble(fragments);
    if (listed(options.spec.drop_in)) text = without_keys(text, dropped);
    return listed(options.spec.fill) ? fill_file(text, with) : Result<std::string>(std::move(text));
}

Report Applier::Impl::say(const Position& revision, ApplyState with, std::string step, std::string why,
                          bool healthy) {
    drift.clear();
    last = {.service = options.spec.service,
            .revision = revision,
            .applied = live ? good.revision.sequence : Sequence{},
            .state = with,
            .step = std::move(step),
            .detail = presentable(std::move(why)),
            .healthy = healthy,
            .drift = false,
            .at = now()};
    return last;
}

Attempt Applier::Impl::needs() {
    begin("needs");
    for (const auto& made : {options.state, run_folder()}) {
        if (auto ok = make_folder(made, options.spec.several_users); !ok)
            return fail(ApplyState::not_installed, "needs", ok.error().detail);
    }
    if (auto ok = runtime.prepare(); !ok) return fail(ApplyState::not_installed, "needs", ok.error().detail);
    return {};
}

std::expected<Staged, Failure> Applier::Impl::stage(const Content& content) {
    begin("stage");
    const auto version = folder.begin();
    if (!version) return fail(ApplyState::refused, "stage", version.error().detail);
    Staged staged{.version = *version, .stamps = {}};
    const auto with = values(content, *version);
    for (const auto& [path, fragments] : content.files) {
        if (is_parameters(path)) continue;
        const auto& filled = options.spec.fill;
        const bool depends = std::ranges::find(filled, path) != filled.end();  // on more than its fragments
        const auto before = good.files.find(path);
        const auto stamp = stamps.find(path);
        if (!depends && before != good.files.end() && stamp != stamps.end() &&
            before->second.summary() == fragments.summary() && folder.keep(*version, path, stamp->second)) {
            staged.stamps[path] = stamp->second;
            continue;
        }
        const auto text = text_of(path, fragments, with);
        const auto written = text ? folder.write(*version, path, *text) : std::unexpected(text.error());
        if (!written) {
            folder.discard(*version);
            return fail(ApplyState::refused, "stage", written.error().detail);
        }
        staged.stamps[path] = *written;
    }
    return staged;
}

Attempt Applier::Impl::validate(const Content& content, std::uint64_t version,
                                const std::vector<std::string>& changed) {
    begin("validate");
    const auto with = values(content, version);
    for (const auto& step : options.spec.validate) {
        if (!concerns(step, changed)) continue;
        if (auto ok = run_step(step, with, runtime); !ok) {
            return fail(ApplyState::refused, "validate", ok.error().detail);
        }
    }
    return {};
}

Attempt Applier::Impl::swap(const Staged& staged) {
    begin("swap");
    if (auto ok = folder.publish(staged.version); !ok)
        return fail(ApplyState::refused, "swap", ok.error().detail);
    stamps = staged.stamps;
    return {};
}

Attempt Applier::Impl::reload_step(const StepSpec& step, const Content& content, const Values& with) {
    auto pause = reload_pause;
    for (int attempt = 1;; ++attempt) {
        const auto ok = run_step(step, with, runtime);
        if (ok) return {};
        if (ok.error().code == "refused") return fail(ApplyState::refused, "reload", ok.error().detail);
        if (attempt == reload_attempts) return fail(ApplyState::rolled_back, "reload", ok.error().detail);
        const auto report = say(content.revision, ApplyState::retrying, "reload", ok.error().detail, false);
        if (options.report) options.report(report);
        std::this_thread::sleep_for(pause);
        pause *= 2;
    }
}

bool Applier::Impl::reload_part(const StepSpec& step, const Content& before, const Content& content,
                                Values with) {
    const auto was = before.files.find(step.part->file);
    const auto is = content.files.find(step.part->file);
    if (was == before.files.end() || is == content.files.end()) return false;
    const auto part = part_of(*step.part, was->second, is->second);
    if (!part) return false;
    const auto file = run_folder() / "part";
    if (!(std::ofstream(file, std::ios::binary) << *part << std::flush)) return false;
    StepSpec told = step;
    told.argv = step.part->argv;
    with["part"] = file.string();
    return run_step(told, with, runtime).has_value();
}

Attempt Applier::Impl::reload(const Content& content, const std::vector<std::string>& changed,
                              const Content* before) {
    begin("reload");
    const bool fresh = !runtime.running();
    const auto with = values(content, folder.live_version());
    if (auto ok = runtime.start(with); !ok) return fail(ApplyState::rolled_back, "reload", ok.error().detail);
    for (const auto& step : options.spec.reload) {
        if (fresh ? !step.on_start : !concerns(step, changed)) continue;
        if (!fresh && before != nullptr && step.part && reload_part(step, *before, content, with)) continue;
        if (auto ok = reload_step(step, content, with); !ok) return ok;
    }
    if (auto ok = runtime.relay(with); !ok) return fail(ApplyState::rolled_back, "reload", ok.error().detail);
    return {};
}

Attempt Applier::Impl::probe(const Content& content, const std::vector<std::string>* changed) {
    begin("probe");
    const auto with = values(content, folder.live_version());
    for (const auto& step : options.spec.probe) {
        if (changed != nullptr && !concerns(step, *changed)) continue;
        if (auto ok = run_step(step, with, runtime); !ok) {
            return fail(ApplyState::rolled_back, "probe", ok.error().detail);
        }
    }
    return {};
}

Attempt Applier::Impl::bring_live(const Content& content, const std::vector<std::string>& changed,
                                  const Content* before) {
    const bool fresh = !runtime.running();
    auto done = reload(content, changed, before);
    if (done) done = probe(content, fresh ? nullptr : &changed);
    if (!done && done.error().state == ApplyState::rolled_back) {
        const auto said = runtime.tail(output_in_detail);
        if (!said.empty()) done.error().detail += "\n" + said;
    }
    return done;
}

Attempt Applier::Impl::commit(const Content& content) {
    begin("journal");
    if (auto ok = journal.append(good, content); !ok) {
        return fail(ApplyState::rolled_back, "journal", ok.error().detail);
    }
    begin("journalled");
    return {};
}

/// From the good content, live or not, to `desired`, or back.
Attempt Applier::Impl::go(const Content& desired, bool anew) {
    if (auto ok = needs(); !ok) return ok;
    if (anew) stamps.clear();
    const auto staged = stage(desired);
    if (!staged) return std::unexpected(staged.error());
    // What cannot be trusted to run on the good content is told everything.
    const Content* running = live && good.enabled && !anew ? &good : nullptr;
    const auto changed = changed_names(options.spec, running != nullptr ? *running : Content{}, desired);
    if (auto ok = validate(desired, staged->version, changed); !ok) {
        folder.discard(staged->version);
        return ok;
    }
    const Staged before{.version = folder.live_version(), .stamps = stamps};
    if (auto ok = swap(*staged); !ok) {
        folder.discard(staged->version);
        return ok;
    }
    auto done = bring_live(desired, changed, running);
    if (done) done = commit(desired);
    if (!done) {
        go_back(before, changed, done.error());
        folder.discard(staged->version);
        return done;
    }
    folder.discard(before.version);
    good = desired;
    live = true;
    return {};
}

void Applier::Impl::go_back(const Staged& before, const std::vector<std::string>& changed, Failure& why) {
    begin("roll back");
    if (auto ok = swap(before); !ok)
        why.detail += "\nand the last good files cannot be put back: " + ok.error().detail;
    if (good.empty() || !good.enabled) {
        runtime.stop();
        live = !good.empty();
        return;
    }
    const auto back = bring_live(good, changed);
    live = back.has_value();
    if (!live) why.detail += "\nand the last good version does not run: " + back.error().detail;
}

Report Applier::Impl::say_of_good(const Attempt& done) {
    live = done.has_value();
    if (!done) {
        const auto state = done.error().state == ApplyState::not_installed ? ApplyState::not_installed
                                                                           : ApplyState::retrying;
        return say(good.revision, state, done.error().step, done.error().detail, false);
    }
    const bool refused = last.state == ApplyState::refused || last.state == ApplyState::rolled_back;
    if (!refused || last.revision == good.revision)
        say(good.revision, ApplyState::applied, "probe", "", true);
    last.applied = good.revision.sequence;
    last.healthy = true;
    last.at = now();
    look_for_drift();
    last.drift = !drift.empty();
    return last;
}

Report Applier::Impl::nothing_to_run() const {
    Report report = last;
    report.healthy = false;
    if (report.detail.empty()) report.detail = "there is nothing of it to run";
    return report;
}

/// A disabled service is stopped; its files and its content are kept.
Report Applier::Impl::disable(const Content& content) {
    runtime.stop();
    Attempt done;
    if (const auto staged = stage(content); !staged) {
        done = std::unexpected(staged.error());
    } else {
        const auto before = folder.live_version();
        done = swap(*staged);
        if (done) done = commit(content);
        folder.discard(done ? before : staged->version);
    }
    if (!done)
        return say(content.revision, done.error().state, done.error().step, done.error().detail, false);
    good = content;
    live = true;
    return say(content.revision, ApplyState::disabled, "", "", true);
}

void Applier::Impl::look_for_drift() {
    drift.clear();
    if (folder.live_version() == 0) return;
    const auto with = values(good, folder.live_version());
    for (const auto& [path, fragments] : good.files) {
        if (is_parameters(path) || drift.size() == drift_files_limit) continue;
        const auto text = text_of(path, fragments, with);
        const auto found = folder.read_live(path);
        if (!text || found != *text)
            drift.emplace(path, drift_row(path, text.value_or(""), found.value_or("")));
    }
}

Applier::Applier(ApplierOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}

Applier::~Applier() { stop(); }

const Content& Applier::good() const { return impl_->good; }

Report Applier::recover() {
    auto& i = *impl_;
    auto kept = i.journal.load();
    if (!kept) {
        if (i.options.log) i.options.log(kept.error().detail + "; starting from nothing");
        kept = Content{};
    }
    if (kept->empty()) return i.say({}, ApplyState::applied, "recover", "", false);
    i.good = std::move(*kept);
    if (!i.good.enabled) {
        i.live = true;
        return i.say(i.good.revision, ApplyState::disabled, "recover", "", true);
    }
    Attempt done = i.needs();
    if (done) {
        const auto staged = i.stage(i.good);
        done = staged ? i.swap(*staged) : Attempt(std::unexpected(staged.error()));
    }
    if (done) done = i.bring_live(i.good, {});
    return i.say_of_good(done);
}

Report Applier::apply(const Content& desired) { return impl_->apply(desired, false); }
Report Applier::reapply(const Content& desired) {
    if (desired.empty()) return impl_->nothing_to_run();
    return impl_->apply(desired, true);
}

Report Applier::Impl::apply(const Content& desired, bool anew) {
    if (!desired.enabled) return disable(desired);
    const auto done = go(desired, anew);
    if (done) return say(desired.revision, ApplyState::applied, "probe", "", true);
    return say(desired.revision, done.error().state, done.error().step, done.error().detail, false);
}

Report Applier::restart() {
    auto& i = *impl_;
    if (i.good.empty() || !i.good.enabled) return i.nothing_to_run();
    i.begin("restart");
    i.runtime.stop();
    auto done = i.needs();
    if (done) done = i.bring_live(i.good, {});
    return i.say_of_good(done);
}

Report Applier::resume() {
    auto& i = *impl_;
    if (i.good.empty() || !i.good.enabled || !i.runtime.running()) return look();
    i.begin("resume");
    Attempt done;
    const auto with = i.values(i.good, i.folder.live_version());
    for (const auto& step : i.options.spec.reload) {
        if (done && step.on_start) done = i.reload_step(step, i.good, with);
    }
    if (done) done = i.probe(i.good);
    return i.say_of_good(done);
}

Report Applier::look() {
    auto& i = *impl_;
    Report report = i.last;
    report.at = now();
    if (i.good.empty()) return report;
    i.look_for_drift();
    report.drift = !i.drift.empty();
    if (!i.good.enabled) return report;
    const auto probed =
        i.runtime.running() ? i.probe(i.good) : fail(ApplyState::retrying, "probe", "it does not run");
    report.healthy = probed.has_value();
    if (!probed && report.state == ApplyState::applied) {
        report.step = probed.error().step;
        report.detail = presentable(probed.error().detail);
    }
    return report;
}

std::string Applier::status() const { return impl_->runtime.status(); }

std::vector<std::string> Applier::live() {
    auto& i = *impl_;
    if (!i.runtime.running() || i.good.empty()) return {};
    return i.tables.changes(i.values(i.good, 0), i.runtime);
}

std::vector<std::string> Applier::own_tables() {
    auto& i = *impl_;
    return i.own.changes_of({{&log_table(), log_rows(i.runtime)}, {&drift_table(), i.drift}});
}

void Applier::forget_live() {
    impl_->tables.forget();
    impl_->own.forget();
}

void Applier::stop() { impl_->runtime.stop(); }

}  // namespace pic::agent
