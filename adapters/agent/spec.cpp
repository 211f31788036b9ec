#include "adapters/agent/spec.hpp"

#include <algorithm>
#include <csignal>
#include <fstream>
#include <set>
#include <sstream>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace pic::agent {

namespace {

using Json = nlohmann::json;

/// Says where and what is wrong; caught by parse_adapter() and nobody else.
struct Wrong {
    std::string pointer;
    std::string detail;
};

/// An object being read: every key must be asked for before done().
class Reader {
  public:
    Reader(const Json& json, std::string pointer) : json_(json), pointer_(std::move(pointer)) {
        if (!json.is_object()) throw Wrong{pointer_, "is no object"};
    }

    [[nodiscard]] bool has(const char* key) const { return json_.contains(key); }

    std::string text(const char* key, std::string absent = {}) {
        const Json* value = find(key);
        return value == nullptr ? std::move(absent) : text_of(*value, at(key));
    }
    std::string required(const char* key) {
        auto value = text(key);
        if (value.empty()) throw Wrong{at(key), "is missing"};
        return value;
    }
    bool flag(const char* key) {
        const Json* value = find(key);
        if (value == nullptr) return false;
        if (!value->is_boolean()) throw Wrong{at(key), "is neither true nor false"};
        return value->get<bool>();
    }
    std::chrono::milliseconds milliseconds(const char* key, std::chrono::milliseconds absent) {
        const Json* value = find(key);
        if (value == nullptr) return absent;
        if (!value->is_number_unsigned() || *value == 0) throw Wrong{at(key), "is no number of milliseconds"};
        return std::chrono::milliseconds(value->get<std::int64_t>());
    }
    std::vector<std::string> texts(const char* key) {
        std::vector<std::string> all;
        each(key, [&](const Json& item, const std::string& where) { all.push_back(text_of(item, where)); });
        return all;
    }
    Parameters map(const char* key) {
        Parameters values;
        const Json* object = find(key);
        if (object == nullptr) return values;
        if (!object->is_object()) throw Wrong{at(key), "is no object"};
        for (const auto& [name, value] : object->items()) values[name] = text_of(value, at(key) + "/" + name);
        return values;
    }
    /// f(item, pointer) for each item of a list that may be absent.
    template <class F>
    void each(const char* key, F&& f) {
        const Json* list = find(key);
        if (list == nullptr) return;
        if (!list->is_array()) throw Wrong{at(key), "is no list"};
        for (std::size_t i = 0; i < list->size(); ++i) f((*list)[i], fmt::format("{}/{}", at(key), i));
    }
    /// f(reader) for an object that may be absent.
    template <class F>
    void object(const char* key, F&& f) {
        if (const Json* value = find(key); value != nullptr) {
            Reader inner(*value, at(key));
            f(inner);
            inner.done();
        }
    }
    void done() const {
        for (const auto& [key, value] : json_.items()) {
            if (!asked_.contains(key)) throw Wrong{pointer_ + "/" + key, "is not known"};
        }
    }
    [[nodiscard]] std::string at(const char* key) const { return pointer_ + "/" + key; }

  private:
    const Json* find(const char* key) {
        asked_.insert(key);
        const auto found = json_.find(key);
        return found == json_.end() ? nullptr : &*found;
    }
    static std::string text_of(const Json& value, const std::string& where) {
        if (!value.is_string()) throw Wrong{where, "is no text"};
        return value.get<std::string>();
    }

    const Json& json_;
    std::string pointer_;
    std::set<std::string> asked_;
};

int signal_number(Reader& in, const char* key, const char* absent) {
    static const std::map<std::string, int> known{{"HUP", SIGHUP},   {"INT", SIGINT},   {"QUIT", SIGQUIT},
                                                  {"TERM", SIGTERM}, {"USR1", SIGUSR1}, {"USR2", SIGUSR2}};
    const auto found = known.find(in.text(key, absent));
    if (found == known.end()) throw Wrong{in.at(key), "is no signal that is used here"};
    return found->second;
}

Need need(Reader& in) {
    Need n{.program = in.text("program"),
           .device = in.text("device"),
           .file = in.text("file"),
           .user = in.text("user"),
           .install = in.required("install")};
    if (!n.program.empty() + !n.device.empty() + !n.file.empty() + !n.user.empty() != 1)
        throw Wrong{in.at("program"), "or a device, a file or a user, one of them, is needed"};
    return n;
}

/// Reads each object of a list with `read`.
template <class T>
std::vector<T> list(Reader& in, const char* key, T (*read)(Reader&)) {
    std::vector<T> all;
    in.each(key, [&](const Json& item, const std::string& where) {
        Reader inner(item, where);
        all.push_back(read(inner));
        inner.done();
    });
    return all;
}

ProgramSpec program(Reader& in) {
    ProgramSpec p{.name = in.required("name"),
                  .argv = in.texts("argv"),
                  .environment = in.texts("environment"),
                  .instead = in.texts("instead"),
                  .undo = in.texts("undo"),
                  .ready = in.texts("ready"),
                  .needs = list<Need>(in, "needs", need),
                  .stop_signal = signal_number(in, "stop_signal", "TERM"),
                  .never_root = in.flag("never_root")};
    if (p.argv.empty()) throw Wrong{in.at("argv"), "is missing"};
    return p;
}

PartSpec part(Reader& in) {
    PartSpec p{.file = in.required("file"),
               .adds = in.required("adds"),
               .takes_back = in.required("takes_back"),
               .argv = in.texts("argv")};
    if (p.argv.empty()) throw Wrong{in.at("argv"), "is missing"};
    return p;
}

StepSpec step(Reader& in) {
    using Kind = StepSpec::Kind;
    static const std::map<std::string, Kind> kinds{{"run", Kind::run},
                                                   {"signal", Kind::signal},
                                                   {"interface", Kind::interface},
                                                   {"wireguard", Kind::wireguard},
                                                   {"dns", Kind::dns},
                                                   {"restart", Kind::restart},
                                                   {"seed", Kind::seed},
                                                   {"talk", Kind::talk}};
    const auto kind = kinds.find(in.required("kind"));
    if (kind == kinds.end()) throw Wrong{in.at("kind"), "is not known"};
    StepSpec s;
    s.kind = kind->second;
    s.name = in.required("name");
    s.when = in.texts("when");
    s.on_start = in.flag("on_start");
    s.refused = in.text("refused");
    s.limit = in.milliseconds("limit_ms", s.limit);
    switch (s.kind) {
        case Kind::run:
            s.argv = in.texts("argv");
            s.environment = in.texts("environment");
            s.lines = in.text("lines");
            s.patience = in.milliseconds("patience_ms", s.patience);
            if (s.argv.empty()) throw Wrong{in.at("argv"), "is missing"};
            in.object("part", [&](Reader& inner) { s.part = part(inner); });
            break;
        case Kind::signal:
            s.program = in.required("program");
            s.number = signal_number(in, "signal", "");
            s.done = in.text("done");
            s.failed = in.text("failed");
            break;
        case Kind::interface:
            s.interface = in.required("interface");
            s.addresses = in.required("addresses");
            s.mtu = in.required("mtu");
            s.routes = in.text("routes");
            break;
        case Kind::wireguard:
            s.path = in.required("path");
            break;
        case Kind::dns:
            s.each = in.required("each");
            s.server = in.required("server");
            break;
        case Kind::restart:
            s.program = in.required("program");
            break;
        case Kind::seed:
            s.each = in.required("each");
            s.path = in.required("path");
            break;
        case Kind::talk:
            s.server = in.required("server");
            s.datagram = in.flag("datagram");
            s.say = in.text("say");
            s.expect = in.text("expect");
            break;
    }
    return s;
}

DerivedSpec derived(Reader& in) {
    return {
        .name = in.required("name"), .count_file = in.text("count_file"), .prefix = in.required("prefix")};
}

RelaySpec relay(Reader& in) {
    RelaySpec r{.listen = in.required("listen"),
                .port = in.required("port"),
                .to = in.required("to"),
                .patience = {}};
    if (in.has("patience_ms")) r.patience = in.milliseconds("patience_ms", {});
    return r;
}

TableSpec table(Reader& in) {
    TableSpec t;
    t.name = in.required("name");
    t.argv = in.texts("argv");
    t.file = in.text("file");
    if (t.argv.empty() == t.file.empty()) throw Wrong{in.at("argv"), "or a file, one of them, is needed"};
    t.pointers = in.texts("pointers");
    if (t.pointers.empty()) t.separator = in.required("separator");
    t.rows = in.text("rows");
    if (!t.rows.empty() && t.pointers.empty()) throw Wrong{in.at("rows"), "is of use with pointers alone"};
    t.columns = in.texts("columns");
    if (t.columns.empty()) throw Wrong{in.at("columns"), "is missing"};
    if (!t.pointers.empty() && t.pointers.size() != t.columns.size())
        throw Wrong{in.at("pointers"), "are not as many as columns"};
    const auto some_columns = [&](const char* key) {
        auto some = in.texts(key);
        for (const auto& name : some) {
            if (std::ranges::find(t.columns, name) == t.columns.end())
                throw Wrong{in.at(key), fmt::format("names no column: {}", name)};
        }
        return some;
    };
    t.key = some_columns("key");
    t.prefix = in.text("prefix");
    t.numbers = some_columns("numbers");
    t.totals = some_columns("totals");
    t.times = some_columns("times");
    t.chart = some_columns("chart");
    in.object("words", [&](Reader& words) {
        for (const auto& column : t.columns) {
            if (words.has(column.c_str())) t.words[column] = words.map(column.c_str());
        }
    });
    t.limit = in.milliseconds("limit_ms", t.limit);
    return t;
}

AdapterSpec adapter(Reader& in) {
    AdapterSpec a;
    a.service = in.required("service");
    a.parameters = in.map("parameters");
    a.derived = list<DerivedSpec>(in, "derived", derived);
    const auto live = in.required("live");
    if (live != "disk" && live != "memory") throw Wrong{in.at("live"), "is neither disk nor memory"};
    a.in_memory = live == "memory";
    in.object("drop_keys", [&](Reader& drop) {
        a.drop_in = drop.texts("in");
        a.drop_keys = drop.texts("keys");
    });
    a.fill = in.texts("fill");
    a.several_users = in.flag("several_users");
    a.own_namespace = in.has("namespace");
    in.object("namespace", [&](Reader& space) { a.private_folders = space.texts("private_folders"); });
    a.needs = list<Need>(in, "needs", need);
    a.programs = list<ProgramSpec>(in, "programs", program);
    a.validate = list<StepSpec>(in, "validate", step);
    a.reload = list<StepSpec>(in, "reload", step);
    a.probe = list<StepSpec>(in, "probe", step);
    a.relays = list<RelaySpec>(in, "relays", relay);
    a.tables = list<TableSpec>(in, "tables", table);
    in.done();
    return a;
}

}  // namespace

Result<AdapterSpec> parse_adapter(std::string_view json) {
    try {
        const Json document = Json::parse(json);
        Reader in(document, "");
        return adapter(in);
    } catch (const Wrong& wrong) {
        return reject("bad_adapter", fmt::format("{} {}", wrong.pointer, wrong.detail),
                      {{wrong.pointer, wrong.detail}});
    } catch (const Json::exception& e) {
        return reject("bad_adapter", e.what());
    }
}

Result<AdapterSpec> load_adapter(const std::filesystem::path& file) {
    std::ifstream in(file);
    if (!in) return reject("bad_adapter", fmt::format("{} cannot be read", file.string()));
    std::ostringstream text;
    text << in.rdbuf();
    auto adapter = parse_adapter(text.str());
    if (!adapter) adapter.error().detail = fmt::format("{}: {}", file.string(), adapter.error().detail);
    return adapter;
}

Result<std::string> fill(const Template& text, const Values& values) {
    std::string filled;
    for (std::size_t i = 0; i < text.size();) {
        const auto end = text[i] == '{' ? text.find('}', i) : std::string::npos;
        if (end == std::string::npos) {
            filled += text[i++];
            continue;
        }
        const auto name = text.substr(i + 1, end - i - 1);
        const auto value = values.find(name);
        if (value == values.end())
            return reject("unknown_parameter", fmt::format("{{{}}} has no value", name));
        filled += value->second;
        i = end + 1;
    }
    return filled;
}

Result<std::string> fill_file(std::string_view text, const Values& values) {
    const auto is_name = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
    std::string filled;
    while (!text.empty()) {
        const auto at = std::min(text.find('@'), text.size());
        filled += text.substr(0, at);
        text.remove_prefix(at);
        if (text.empty()) break;
        std::size_t end = 1;
        while (end < text.size() && is_name(text[end])) ++end;
        if (end == 1 || end == text.size() || text[end] != '@') {
            filled += text.substr(0, end);
            text.remove_prefix(end);
            continue;
        }
        const auto value = values.find(std::string(text.substr(1, end - 1)));
        if (value == values.end())
            return reject("unknown_parameter", fmt::format("{} has no value", text.substr(0, end + 1)));
        filled += value->second;
        text.remove_prefix(end + 1);
    }
    return filled;
}

Result<std::vector<std::string>> fill(const std::vector<Template>& texts, const Values& values) {
    std::vector<std::string> all;
    for (const auto& text : texts) {
        auto filled = fill(text, values);
        if (!filled) return std::unexpected(filled.error());
        all.push_back(std::move(*filled));
    }
    return all;
}

}  // namespace pic::agent
