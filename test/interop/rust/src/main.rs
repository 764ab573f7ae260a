//! The crate oauth2. The loop is that of exchange_device_access_token. Its HTTP client is a function, and ours replaces the grant type.

use std::env::{args, var};
use std::fmt::{Display, Formatter};
use std::io::Read;
use std::thread::sleep;

use oauth2::basic::{
    BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenResponse,
};
use oauth2::url::form_urlencoded::{parse, Serializer};
use oauth2::{
    http, AuthorizationCode, Client, ClientId, ClientSecret, DeviceAuthorizationUrl, EndpointNotSet,
    EndpointSet, ErrorResponse, HttpRequest, HttpResponse, RequestTokenError,
    StandardDeviceAuthorizationResponse, StandardRevocableToken, TokenResponse, TokenUrl,
};
use serde::{Deserialize, Serialize};
use serde_json::{from_slice, from_value, json, Value};

const OPENID: &str = "urn:openid:params:grant-type:deferred";
const OAUTH: &str = "urn:ietf:params:oauth:grant-type:deferred";

/// The crate's own type of errors has no place for the deferral code.
#[derive(Debug, Deserialize, Serialize)]
struct Refusal {
    error: String,
    deferral_code: Option<String>,
}

impl ErrorResponse for Refusal {}

impl Display for Refusal {
    fn fmt(&self, f: &mut Formatter) -> std::fmt::Result {
        f.write_str(&self.error)
    }
}

type Interop = Client<
    Refusal,
    BasicTokenResponse,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointNotSet,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

fn main() {
    let client = client();
    let outcome = match args().nth(1).as_deref() {
        Some("exchange") => exchange(&client).unwrap_err().to_string(),
        Some("openid") => {
            // the error has the bytes that the crate could not read
            let Err(RequestTokenError::Parse(_, body)) = exchange(&client) else {
                panic!("the exchange was read")
            };
            let answer: Value = from_slice(&body).unwrap();
            poll(&client, OPENID, "deferred_auth_id", answer["deferred_auth_id"].as_str().unwrap())
        }
        _ => poll(&client, OAUTH, "deferral_code", &ask(&client)),
    };
    println!("{outcome}");
}

fn client() -> Interop {
    let endpoint = var("TOKEN_ENDPOINT").unwrap();
    Client::new(ClientId::new(var("CLIENT_ID").unwrap()))
        .set_client_secret(ClientSecret::new(var("CLIENT_SECRET").unwrap()))
        .set_token_uri(TokenUrl::new(endpoint.clone()).unwrap())
        // the type wants one; it is never called
        .set_device_authorization_url(DeviceAuthorizationUrl::new(endpoint).unwrap())
}

fn exchange(client: &Interop) -> Result<BasicTokenResponse, RequestTokenError<ureq::Error, Refusal>> {
    let code = AuthorizationCode::new(var("DEFERRED_CODE").unwrap());
    client
        .exchange_code(code)
        .request(&|request| send(replace(request, OPENID, "code", "deferred_code")))
}

fn ask(client: &Interop) -> String {
    let answer = client
        .exchange_client_credentials()
        .add_extra_param("completion_mode", "deferred")
        .request(&send);
    match answer {
        Err(RequestTokenError::ServerResponse(refusal)) => refusal.deferral_code.unwrap(),
        other => panic!("not deferred: {other:?}"),
    }
}

fn poll(client: &Interop, grant_type: &str, name: &str, handle: &str) -> String {
    let device: StandardDeviceAuthorizationResponse = from_value(json!({
        "device_code": handle, "user_code": "", "verification_uri": "https://op.example", "expires_in": 60, "interval": 1,
    }))
    .unwrap();
    let answer = client.exchange_device_access_token(&device).request(
        &|request| send(replace(request, grant_type, "device_code", name)),
        sleep,
        None,
    );
    match answer {
        Ok(tokens) if tokens.access_token().secret().is_empty() => "no access token".into(),
        Ok(_) => "tokens".into(),
        Err(RequestTokenError::ServerResponse(refusal)) => refusal.error().as_ref().into(),
        Err(error) => panic!("{error:?}"),
    }
}

/// The same request with another grant type, and another name of its handle.
fn replace(request: HttpRequest, grant_type: &str, from: &str, to: &str) -> HttpRequest {
    request.map(|body| {
        let mut form = Serializer::new(String::new());
        for (name, value) in parse(&body) {
            match name.as_ref() {
                "grant_type" => form.append_pair("grant_type", grant_type),
                other => form.append_pair(if other == from { to } else { other }, &value),
            };
        }
        form.finish().into_bytes()
    })
}

/// A 400 is an answer. The crate's own client for ureq makes it a network fault, and then a refusal does not end the loop.
fn send(request: HttpRequest) -> Result<HttpResponse, ureq::Error> {
    let mut outgoing = ureq::post(&request.uri().to_string());
    for (name, value) in request.headers() {
        outgoing = outgoing.set(name.as_str(), value.to_str().unwrap());
    }
    let response = match outgoing.send_bytes(request.body()) {
        Ok(response) | Err(ureq::Error::Status(_, response)) => response,
        Err(error) => return Err(error),
    };
    let answer = http::Response::builder()
        .status(response.status())
        .header("content-type", response.content_type());
    let mut body = Vec::new();
    response.into_reader().read_to_end(&mut body)?;
    Ok(answer.body(body).unwrap())
}
