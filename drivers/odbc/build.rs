//! Makes the library that the linker is shown in place of unixODBC's, so that building needs no development package.
//!
//! A shared library is found twice: when the plugin is linked, which wants a file `libodbc.so` with the names of its
//! functions, and when it is loaded, which wants `libodbc.so.2` with the functions themselves. Only the second must be
//! the real one. See `docs/decisions/0015-odbc-is-linked-against-names.md`.

use std::env;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

/// The functions of ODBC that the client calls: those that `odbc-sys` 0.31 declares. A name that is missing here is an
/// error of the linker.
const FUNCTIONS: &[&str] = &[
    "SQLAllocHandle",
    "SQLBindCol",
    "SQLBindParameter",
    "SQLBrowseConnectW",
    "SQLBulkOperations",
    "SQLCancel",
    "SQLCancelHandle",
    "SQLCloseCursor",
    "SQLColAttribute",
    "SQLColAttributeW",
    "SQLColumnPrivilegesW",
    "SQLColumns",
    "SQLColumnsW",
    "SQLCompleteAsync",
    "SQLConnect",
    "SQLConnectW",
    "SQLCopyDesc",
    "SQLDataSources",
    "SQLDataSourcesW",
    "SQLDescribeCol",
    "SQLDescribeColW",
    "SQLDescribeParam",
    "SQLDisconnect",
    "SQLDriverConnect",
    "SQLDriverConnectW",
    "SQLDrivers",
    "SQLDriversW",
    "SQLEndTran",
    "SQLExecDirect",
    "SQLExecDirectW",
    "SQLExecute",
    "SQLFetch",
    "SQLFetchScroll",
    "SQLForeignKeys",
    "SQLForeignKeysW",
    "SQLFreeHandle",
    "SQLFreeStmt",
    "SQLGetConnectAttr",
    "SQLGetConnectAttrW",
    "SQLGetCursorNameW",
    "SQLGetData",
    "SQLGetDescFieldW",
    "SQLGetDescRecW",
    "SQLGetDiagFieldW",
    "SQLGetDiagRec",
    "SQLGetDiagRecW",
    "SQLGetEnvAttr",
    "SQLGetInfo",
    "SQLGetInfoW",
    "SQLGetStmtAttr",
    "SQLGetStmtAttrW",
    "SQLGetTypeInfo",
    "SQLMoreResults",
    "SQLNumParams",
    "SQLNumResultCols",
    "SQLParamData",
    "SQLPrepare",
    "SQLPrepareW",
    "SQLPrimaryKeys",
    "SQLPrimaryKeysW",
    "SQLPutData",
    "SQLRowCount",
    "SQLSetConnectAttr",
    "SQLSetConnectAttrW",
    "SQLSetDescField",
    "SQLSetDescFieldW",
    "SQLSetEnvAttr",
    "SQLSetPos",
    "SQLSetStmtAttr",
    "SQLSetStmtAttrW",
    "SQLTables",
    "SQLTablesW",
];

/// The name under which unixODBC is found when the plugin is loaded.
const SONAME: &str = "libodbc.so.2";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    // Windows brings ODBC itself, and on macOS the client looks for it where Homebrew puts it.
    if !is("CARGO_CFG_TARGET_FAMILY", "unix") || is("CARGO_CFG_TARGET_VENDOR", "apple") {
        return Ok(());
    }
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let mut source = String::new();
    for function in FUNCTIONS {
        writeln!(source, "void {function}(void) {{}}")?;
    }
    let file = out.join("odbc.c");
    fs::write(&file, source)?;
    // Without a `-o` of its own a compiler that rustc uses as its linker makes shared libraries everywhere on Unix.
    let mut compiler = cc::Build::new().get_compiler().to_command();
    let done = compiler
        .args(["-shared", "-fPIC", "-nostdlib", "-w"])
        .arg(format!("-Wl,-soname,{SONAME}"))
        .arg("-o")
        .arg(out.join("libodbc.so"))
        .arg(&file)
        .status()?;
    if !done.success() {
        return Err(format!("{compiler:?} cannot make the library to link with: {done}").into());
    }
    println!("cargo::rustc-link-search=native={}", out.display());
    Ok(())
}
