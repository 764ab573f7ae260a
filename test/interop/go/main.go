// golang.org/x/oauth2. The loop is that of Config.DeviceAccessToken. An option of a call replaces its grant type.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

const (
	openidGrant = "urn:openid:params:grant-type:deferred"
	oauthGrant  = "urn:ietf:params:oauth:grant-type:deferred"
)

var (
	tokenURL     = os.Getenv("TOKEN_ENDPOINT")
	clientID     = os.Getenv("CLIENT_ID")
	clientSecret = os.Getenv("CLIENT_SECRET")
	deferredCode = os.Getenv("DEFERRED_CODE")
)

var config = oauth2.Config{
	ClientID:     clientID,
	ClientSecret: clientSecret,
	Endpoint:     oauth2.Endpoint{TokenURL: tokenURL, AuthStyle: oauth2.AuthStyleInHeader},
}

func main() {
	switch os.Args[1] {
	case "exchange":
		_, err := config.Exchange(context.Background(), "", grant(openidGrant), oauth2.SetAuthURLParam("deferred_code", deferredCode))
		fmt.Println(err)
	case "auth-style":
		// without it the library repeats the request after an error, with its credentials elsewhere: there are two deferrals
		fmt.Println(ask(oauth2.AuthStyleAutoDetect).ErrorCode)
	case "openid":
		fmt.Println(poll(openidGrant, "deferred_auth_id", exchange()))
	default:
		fmt.Println(poll(oauthGrant, "deferral_code", member(ask(oauth2.AuthStyleInHeader).Body, "deferral_code")))
	}
}

// exchange needs a request of our own: the library gives no answer back that has no access token.
func exchange() string {
	form := url.Values{"grant_type": {openidGrant}, "deferred_code": {deferredCode}}
	request, err := http.NewRequest(http.MethodPost, tokenURL, strings.NewReader(form.Encode()))
	check(err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.SetBasicAuth(url.QueryEscape(clientID), url.QueryEscape(clientSecret))
	response, err := http.DefaultClient.Do(request)
	check(err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	check(err)
	return member(body, "deferred_auth_id")
}

// ask makes the first token request. Its answer is an error with a deferral code.
func ask(style oauth2.AuthStyle) *oauth2.RetrieveError {
	request := clientcredentials.Config{
		ClientID:       clientID,
		ClientSecret:   clientSecret,
		TokenURL:       tokenURL,
		AuthStyle:      style,
		EndpointParams: url.Values{"completion_mode": {"deferred"}},
	}
	_, err := request.Token(context.Background())
	var refusal *oauth2.RetrieveError
	if !errors.As(err, &refusal) {
		check(err)
	}
	return refusal
}

func poll(grantType, name, handle string) string {
	device := oauth2.DeviceAuthResponse{Interval: 1, Expiry: time.Now().Add(time.Minute)}
	token, err := config.DeviceAccessToken(context.Background(), &device, grant(grantType), oauth2.SetAuthURLParam(name, handle))
	var refusal *oauth2.RetrieveError
	if errors.As(err, &refusal) {
		return refusal.ErrorCode
	}
	check(err)
	if token.AccessToken == "" {
		return "no access token"
	}
	return "tokens"
}

func grant(grantType string) oauth2.AuthCodeOption {
	return oauth2.SetAuthURLParam("grant_type", grantType)
}

func member(body []byte, name string) string {
	var members map[string]any
	check(json.Unmarshal(body, &members))
	return members[name].(string)
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
