const status = document.getElementById('status');

fetch('/health')
  .then((response) => (response.ok ? response.json() : Promise.reject(response)))
  .then((health) => {
    status.textContent = `${health.company} is up`;
    status.className = 'up';
  })
  .catch(() => {
    status.textContent = 'The menu is down';
    status.className = 'down';
  });
