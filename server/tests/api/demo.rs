//! The demo of the real program: made once, found again, and usable at once.

use serde_json::json;

use crate::support::{Client, PASSWORD, Program};

#[tokio::test]
async fn the_demo_is_made_once_and_has_real_rows() {
    let program = Program::install();
    let served = program.serve(&["--demo"]);
    assert_eq!(
        served.banner.matches("  made ").count(),
        3,
        "{}",
        served.banner
    );
    let mut admin = Client::new(served.address);
    let input = json!({ "input": { "username": "admin", "password": served.password() } });
    let signed = admin
        .run(
            "mutation($input: SignInInput!) { signIn(input: $input) { token } }",
            input,
        )
        .await;
    admin.token = Some(signed["signIn"]["token"].as_str().unwrap().to_owned());
    let change =
        json!({ "input": { "currentPassword": served.password(), "newPassword": PASSWORD } });
    admin
        .run(
            "mutation($input: ChangePasswordInput!) { changePassword(input: $input) }",
            change,
        )
        .await;

    let schemas = admin
        .run("{ schemas { id label module } }", json!({}))
        .await;
    let schemas = schemas["schemas"].as_array().unwrap();
    let expected = [
        ("Electricity targets", "ADD_DATA", 51),
        ("Weather corrections", "DATA_CORRECTION", 1_461),
        ("Weather notes", "DATA_HELPER", 3),
    ];
    assert_eq!(schemas.len(), expected.len());
    for (schema, (label, module, rows)) in schemas.iter().zip(expected) {
        assert_eq!(
            (&schema["label"], &schema["module"]),
            (&json!(label), &json!(module))
        );
        let counted = admin
            .run(
                "query($id: ID!) { rows(schemaId: $id, first: 1) { totalCount } }",
                json!({ "id": schema["id"] }),
            )
            .await;
        assert_eq!(counted["rows"]["totalCount"], rows, "{label}");
    }
    let wettest = admin
        .run(
            "query($id: ID!) {
                rows(schemaId: $id, first: 1, sort: [{ field: \"precipitation\", direction: DESC }]) { nodes { values key } }
            }",
            json!({ "id": schemas[1]["id"] }),
        )
        .await;
    let row = &wettest["rows"]["nodes"][0];
    assert_eq!(
        (&row["key"]["date"], &row["values"]["precipitation"]),
        (&json!("2015-03-15"), &json!("55.9"))
    );

    served.kill();
    let again = program.serve(&["--demo"]);
    assert_eq!(
        again.banner.matches("  found ").count(),
        3,
        "{}",
        again.banner
    );
    let admin = admin.at(again.address);
    let notes = json!({ "id": schemas[2]["id"] });
    let counted = admin
        .run(
            "query($id: ID!) { rows(schemaId: $id) { totalCount } }",
            notes,
        )
        .await;
    assert_eq!(counted["rows"]["totalCount"], 3);
}
