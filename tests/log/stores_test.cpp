// Both stores keep one contract.
#include <catch2/catch.hpp>

#include "log/log_fixture.hpp"
#include "log/store_contract.hpp"

namespace pic::test {
namespace {

/// The SQLite store with a folder of its own.
class Contract {
  public:
    MakeStore sqlite() {
        return [this] { return std::make_unique<log::SqliteStore>(options(folder_)); };
    }
    static MakeStore memory() {
        return [] { return std::make_unique<log::MemoryStore>(cell_id, Epoch{1}, counting_random()); };
    }

  private:
    TempFolder folder_;
};

}  // namespace

TEST_CASE_METHOD(Contract, "SQLite: writing") { contract_of_writing(sqlite()); }
TEST_CASE_METHOD(Contract, "SQLite: reading") { contract_of_reading(sqlite()); }
TEST_CASE_METHOD(Contract, "SQLite: answers") { contract_of_answers(sqlite()); }
TEST_CASE_METHOD(Contract, "SQLite: the chain") { contract_of_the_chain(sqlite()); }
TEST_CASE_METHOD(Contract, "memory: writing") { contract_of_writing(memory()); }
TEST_CASE_METHOD(Contract, "memory: reading") { contract_of_reading(memory()); }
TEST_CASE_METHOD(Contract, "memory: answers") { contract_of_answers(memory()); }
TEST_CASE_METHOD(Contract, "memory: the chain") { contract_of_the_chain(memory()); }

}  // namespace pic::test
