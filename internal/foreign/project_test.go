package foreign_test

import (
	"maps"
	"testing"
)

// helloProject is a project as the Toolkit has them, by the names of its files.
func helloProject() map[string]string {
	return map[string]string{
		"package.json": `{
	"name": "hello",
	"version": "1.0.0",
	"dependencies": {"@twilio/runtime-handler": "2.0.1", "twilio": "^5.3.0", "lodash": "4.17.21"},
	"devDependencies": {"twilio-run": "^5.0.0"}
}`,
		".env":                             "GREETING=Hello\nPRICE='3 € & more'\nUNSET=\n",
		"functions/hello.js":               "exports.handler = (context, event, callback) => callback(null, 'Hello');\n",
		"functions/sms/reply.protected.js": "exports.handler = (context, event, callback) => callback(null, '<Response/>');\n",
		"functions/lib/words.private.js":   "exports.words = ['grüezi'];\n",
		"assets/index.html":                "<!doctype html>\n<title>Hello</title>\n",
		"assets/img/dot.png":               "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\xff\xfe",
		"assets/prices.private.json":       `{"call": 3}`,
		"assets/style.protected.css":       "body { color: teal }\n",
	}
}

// deployed is what the project's files are once they are live.
func deployed(files map[string]string) map[string]file {
	return map[string]file{
		"/hello":       {true, "public", "application/javascript", content(files["functions/hello.js"])},
		"/sms/reply":   {true, "protected", "application/javascript", content(files["functions/sms/reply.protected.js"])},
		"/lib/words":   {true, "private", "application/javascript", content(files["functions/lib/words.private.js"])},
		"/index.html":  {false, "public", "text/html", content(files["assets/index.html"])},
		"/img/dot.png": {false, "public", "image/png", content(files["assets/img/dot.png"])},
		"/prices.json": {false, "private", "application/json", content(files["assets/prices.private.json"])},
		"/style.css":   {false, "protected", "text/css", content(files["assets/style.protected.css"])},
	}
}

// dependencies are those of the project's Build.
func dependencies() map[string]string {
	return map[string]string{"@twilio/runtime-handler": "2.0.1", "twilio": "^5.3.0", "lodash": "4.17.21"}
}

// with returns the files with some replaced.
func with(t *testing.T, files, changed map[string]string) map[string]string {
	t.Helper()
	all := maps.Clone(files)
	for name, content := range changed {
		if all[name] == content {
			t.Fatalf("%s is what it was", name)
		}
		all[name] = content
	}
	return all
}
