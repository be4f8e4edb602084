from tosses import n_tosses, np, plt, tosses

# %% means
counts = 2 ** np.arange(2, 11)  # (9,)
errors = []
for seed in range(16):
    heads = tosses(seed).cumsum(axis=1)[:, counts - 1]  # (64, 9)
    errors.append(np.sqrt(((heads / counts - 0.5) ** 2).mean(axis=0)))  # (9,)
mean_error = np.mean(errors, axis=0)  # (9,)
last_error = float(mean_error[-1])
print(f"off by {last_error:.3f} after {n_tosses} tosses")

# %% figure: error
fig, ax = plt.subplots()
ax.loglog(counts, mean_error)
ax.set(title="The error falls", xlabel="tosses", ylabel="error")

# %% claim: error-power
error_power = np.array([np.polyfit(np.log(counts), np.log(e), 1)[0] for e in errors])
