# Targets that look at the sources: format, format-check, tidy; and coverage, which runs the tests.
# The tools are optional; a target whose tool is missing says so when it is built.

# clang-format's output changes between major versions: the pinned one first.
find_program(SKS_CLANG_FORMAT NAMES clang-format-14 clang-format)
find_program(SKS_CLANG_TIDY NAMES clang-tidy-14 clang-tidy)
find_program(SKS_GCOVR gcovr)
find_program(SKS_GIT git)
mark_as_advanced(SKS_CLANG_FORMAT SKS_CLANG_TIDY SKS_GCOVR SKS_GIT)

set(SKS_COVERAGE_LINES 85 CACHE STRING "Percentage of lines that the tests have to reach")
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

function(sks_unavailable_target target reason)
  add_custom_target(${target}
    COMMAND ${CMAKE_COMMAND} -E echo "${target}: ${reason}"
    COMMAND ${CMAKE_COMMAND} -E false
    VERBATIM)
endfunction()

# sks_format_target(TARGET options...): runs clang-format over what git tracks.
function(sks_format_target target)
  add_custom_target(${target}
    COMMAND ${SKS_GIT} ls-files -z -- "*.c" "*.h" |
            xargs -0 -r ${SKS_CLANG_FORMAT} --style=file ${ARGN}
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
endfunction()

if(SKS_CLANG_FORMAT AND SKS_GIT)
  sks_format_target(format -i)
  sks_format_target(format-check --dry-run --Werror)
else()
  sks_unavailable_target(format "needs git and clang-format 14 (Debian: clang-format-14)")
  sks_unavailable_target(format-check "needs git and clang-format 14 (Debian: clang-format-14)")
endif()

if(SKS_CLANG_TIDY AND SKS_GIT)
  add_custom_target(tidy
    COMMAND ${SKS_GIT} ls-files -z -- "common/*.c" "schedulers/*.c" "kernels/*.c" "harness/*.c" |
            xargs -0 -r -n 4 ${SKS_CLANG_TIDY} --quiet -p ${CMAKE_BINARY_DIR}
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
else()
  sks_unavailable_target(tidy "needs git and clang-tidy (Debian: clang-tidy)")
endif()

if(NOT SKS_COVERAGE)
  sks_unavailable_target(coverage "configure with --preset coverage first")
elseif(NOT SKS_GCOVR)
  sks_unavailable_target(coverage "needs gcovr (Debian: gcovr)")
else()
  # Old counts go first: they would be added to.
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/coverage)
  add_custom_target(coverage
    COMMAND find ${CMAKE_BINARY_DIR} -name "*.gcda" -delete
    COMMAND ${CMAKE_CTEST_COMMAND} --test-dir ${CMAKE_BINARY_DIR} --output-on-failure
            --no-tests=error
    COMMAND ${SKS_GCOVR} --root ${PROJECT_SOURCE_DIR} --object-directory ${CMAKE_BINARY_DIR}
            --filter "${PROJECT_SOURCE_DIR}/(common|kernels|schedulers|harness)/"
            --print-summary --sort-uncovered
            --html-details ${CMAKE_BINARY_DIR}/coverage/index.html
            --fail-under-line ${SKS_COVERAGE_LINES}
            ${CMAKE_BINARY_DIR}
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}
    USES_TERMINAL VERBATIM)
endif()
