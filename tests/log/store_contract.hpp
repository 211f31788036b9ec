// What every log store promises, as tests over a way to make one. A store that passes may stand in for any
// other.
#pragma once

#include <functional>
#include <memory>

#include "controller/log/store.hpp"

namespace pic::test {

/// An empty store for `cell_id`, epoch 1.
using MakeStore = std::function<std::unique_ptr<log::LogStore>()>;

/// Each is a set of Catch2 sections.
void contract_of_writing(const MakeStore& make);
void contract_of_reading(const MakeStore& make);
void contract_of_answers(const MakeStore& make);
void contract_of_the_chain(const MakeStore& make);

}  // namespace pic::test
