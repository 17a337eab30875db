//! Makes the library that the linker is shown in place of unixODBC's, so that building needs no development package.
//!
//! A shared library is found twice: when the plugin is linked, which wants a file `libodbc.so` with the names of its
//! functions, and when it is loaded, which wants `libodbc.so.2` with the functions themselves. Only the second must be
//! the real one. See `docs/decisions/0015-odbc-is-linked-against-names.md`.

use std::env;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

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
/// What the server says when it is not found; the host of plugins reads it from this section of the plugin's file.
const NEEDS: (&str, &str) = (
    ".quillback.needs",
    "unixODBC (on Debian the package libodbc2) and the ODBC driver of the database",
);

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| env::var_os(name).is_some_and(|found| found == value);
    // Variables that cargo sets for build scripts; the clippy rule about the environment is for running servers.
    // Windows brings ODBC itself, and on macOS the client looks for it where Homebrew puts it.
    if !is("CARGO_CFG_TARGET_FAMILY", "unix") || is("CARGO_CFG_TARGET_VENDOR", "apple") {
        return Ok(());
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("cargo names no folder")?);
    let mut source = String::new();
    for function in FUNCTIONS {
        writeln!(source, "void {function}(void) {{}}")?;
    }
    fs::write(out.join("odbc.c"), source)?;
    let soname = format!("-Wl,-soname,{SONAME}");
    compile(
        &out,
        &[
            "-shared",
            "-fPIC",
            "-nostdlib",
            "-w",
            &soname,
            "-o",
            "libodbc.so",
            "odbc.c",
        ],
    )?;
    println!("cargo::rustc-link-search=native={}", out.display());

    let (section, words) = NEEDS;
    let note = format!(".section {section},\"\",%progbits\n.ascii \"{words}\"\n");
    fs::write(out.join("needs.s"), note)?;
    compile(&out, &["-c", "-o", "needs.o", "needs.s"])?;
    println!(
        "cargo::rustc-link-arg-cdylib={}",
        out.join("needs.o").display()
    );
    Ok(())
}

/// Runs the compiler with which rustc links.
fn compile(folder: &Path, arguments: &[&str]) -> Result<(), Box<dyn Error>> {
    let mut compiler = cc::Build::new().get_compiler().to_command();
    let done = compiler.current_dir(folder).args(arguments).status()?;
    if done.success() {
        Ok(())
    } else {
        Err(format!("{compiler:?}: {done}").into())
    }
}
