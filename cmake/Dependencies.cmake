# Libraries, through pkg-config, with the Debian package named when one is missing.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

set(SKS_MISSING_PACKAGES "")

# sks_library(TARGET pkg-config-module debian-package): imports PkgConfig::TARGET
macro(sks_library target module debian)
  pkg_check_modules(${target} QUIET IMPORTED_TARGET ${module})
  if(NOT ${target}_FOUND)
    message(STATUS "missing: ${module} (Debian: ${debian})")
    list(APPEND SKS_MISSING_PACKAGES ${debian})
  endif()
endmacro()

sks_library(HWLOC hwloc libhwloc-dev)
sks_library(CFITSIO cfitsio libcfitsio-dev)
sks_library(WCSLIB wcslib wcslib-dev)
sks_library(FFTW fftw3 libfftw3-dev)
sks_library(FFTWF fftw3f libfftw3-dev)
sks_library(SQLITE sqlite3 libsqlite3-dev)
sks_library(YAML yaml-0.1 libyaml-dev)
sks_library(GSL gsl libgsl-dev)
sks_library(JANSSON jansson libjansson-dev)
sks_library(POPT popt libpopt-dev)
sks_library(XXHASH libxxhash libxxhash-dev)

# Random123 is headers only and brings no pkg-config file.
find_path(RANDOM123_INCLUDE_DIR Random123/philox.h)
mark_as_advanced(RANDOM123_INCLUDE_DIR)
if(NOT RANDOM123_INCLUDE_DIR)
  message(STATUS "missing: Random123/philox.h (Debian: librandom123-dev)")
  list(APPEND SKS_MISSING_PACKAGES librandom123-dev)
else()
  add_library(Random123 INTERFACE)
  target_include_directories(Random123 SYSTEM INTERFACE ${RANDOM123_INCLUDE_DIR})
endif()

# Optional: without it the kernel's perf events are the only counter source.
pkg_check_modules(PAPI QUIET IMPORTED_TARGET papi)
if(NOT PAPI_FOUND)
  find_library(PAPI_LIBRARY papi)
  find_path(PAPI_INCLUDE_DIR papi.h)
  mark_as_advanced(PAPI_LIBRARY PAPI_INCLUDE_DIR)
  if(PAPI_LIBRARY AND PAPI_INCLUDE_DIR)
    set(PAPI_FOUND TRUE)
    add_library(PkgConfig::PAPI INTERFACE IMPORTED)
    target_link_libraries(PkgConfig::PAPI INTERFACE ${PAPI_LIBRARY})
    target_include_directories(PkgConfig::PAPI INTERFACE ${PAPI_INCLUDE_DIR})
  else()
    message(STATUS "PAPI not found (Debian: libpapi-dev): counters through perf events only")
  endif()
endif()

# Optional: without it there is no executor `mpi`.
find_package(MPI QUIET COMPONENTS C)
if(NOT MPI_C_FOUND)
  message(STATUS "MPI not found (Debian: libopenmpi-dev): no executor mpi")
endif()

# Optional: without it there is no executor `openmp`. Its runtime is not made for the thread
# sanitizer, which would report races in it.
if(NOT SKS_SANITIZE MATCHES "thread")
  find_package(OpenMP COMPONENTS C)
endif()

if(BUILD_TESTING)
  sks_library(CMOCKA cmocka libcmocka-dev)
endif()

list(REMOVE_DUPLICATES SKS_MISSING_PACKAGES)
if(SKS_MISSING_PACKAGES)
  list(JOIN SKS_MISSING_PACKAGES " " packages)
  message(FATAL_ERROR "Libraries are missing. On Debian or Ubuntu: apt-get install ${packages}\n"
                      "or let ./bootstrap install them.")
endif()
